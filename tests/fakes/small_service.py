"""The departments of the small site, and how its service is judged."""

from config.service.knowledge import Knowledge, ShippedCard
from config.service.matters import Category, Department, Matters
from config.service.quality import Forbidden, Group, Item, Quality, Scorecard


def small_matters() -> Matters:
    """8002 heads the reception, where 8003 works; nobody is named for the facilities; 8801 leads."""
    return Matters(
        departments=(
            Department(
                id="reception", title="接待部", title_en="Reception", level="hall", head="8002", members=("8003",)
            ),
            Department(id="facilities", title="物业保障部", title_en="Facilities", level="hall"),
            Department(
                id="leadership",
                title="优质服务工作领导小组",
                title_en="Leadership group",
                level="hall",
                head="8801",
                leadership=True,
            ),
        ),
        categories=(
            Category(
                id="visiting",
                title="参观与票务",
                title_en="Visits and tickets",
                kinds=("consultation", "complaint"),
                department="reception",
            ),
        ),
    )


def small_quality() -> Quality:
    """A form of 60 points for attitude and 40 for knowledge; everything else by default."""
    return Quality(
        version="small-1",
        scorecard=Scorecard(
            groups=(
                Group(
                    id="attitude",
                    title="服务态度",
                    title_en="Attitude",
                    counts_for="attitude",
                    items=(
                        Item(id="polite", title="使用礼貌用语", title_en="Polite words", points=40),
                        Item(id="warm", title="热情耐心", title_en="Warm and patient", points=20),
                    ),
                ),
                Group(
                    id="knowledge",
                    title="业务知识",
                    title_en="Knowledge",
                    counts_for="knowledge",
                    items=(Item(id="correct", title="解答准确完整", title_en="The answer is right", points=40),),
                ),
            ),
            forbidden=(
                Forbidden(id="arguing", title="与客户争辩", title_en="Arguing with the customer"),
                Forbidden(id="coldness", title="态度冷漠、推诿", title_en="Coldness or putting off"),
            ),
        ),
    )


def small_knowledge() -> Knowledge:
    """Two cards."""
    return Knowledge(
        cards=(
            ShippedCard(
                id="goods-return",
                title="商品退换货规则",
                text="# 七天：有质量问题，可退可换\n- 可退货、换货或修理。\n# 三天：未使用，可退\n- 包装与附件完好。",
                keywords=("退货", "质量问题"),
                kinds=("complaint", "after_sales"),
            ),
            ShippedCard(
                id="visit-notice",
                title="参观须知",
                text="- 凭有效身份证件入馆。\n- 团队请提前 15 分钟到达。",
                keywords=("证件",),
                kinds=("consultation",),
                categories=("visiting",),
            ),
        )
    )
