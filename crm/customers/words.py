"""Labels of customers' cards in both languages: kinds, fields, uses of a number (rules). CUS-1"""

from typing import Final

from config.words import Labels, Words
from crm.customers.model import CustomerKind, NumberUse

KINDS: Final[Labels] = {
    CustomerKind.PERSON: Words("个人", "Person"),
    CustomerKind.ORGANISATION: Words("单位", "Organisation"),
    CustomerKind.MERCHANT: Words("商户", "Merchant"),
}

FIELDS: Final[Labels] = {
    "kind": Words("类型", "Kind"),
    "name": Words("姓名", "Name"),
    "form_of_address": Words("称呼", "Form of address"),
    "employer": Words("工作单位", "Employer"),
    "post": Words("职务", "Post"),
    "shop_name": Words("店铺名称", "Shop"),
    "unit": Words("铺位号", "Unit"),
    "floor": Words("楼层", "Floor"),
    "contact_person": Words("联系人", "Contact person"),
    "address": Words("地址", "Address"),
    "notes": Words("备注", "Notes"),
    "key_customer": Words("重点客户", "Key customer"),
    "looked_after_by": Words("负责人", "Looked after by"),
    "do_not_call": Words("拒绝外呼", "Do not call"),
    "numbers": Words("电话", "Telephone"),
    "moved_number": Words("号码转移", "Number moved"),
    "merged": Words("并入的卡片", "Merged card"),
    "merged_into": Words("并入", "Merged into"),
    "imported": Words("导入", "Imported"),
}
"""By the field's name; the last ones are what else a card's history tells."""

USES: Final[Labels] = {
    NumberUse.UNSAID: Words("未注明", "not said"),
    NumberUse.MOBILE: Words("手机", "mobile"),
    NumberUse.HOME: Words("住宅", "home"),
    NumberUse.WORK: Words("单位", "work"),
    NumberUse.SHOP: Words("店铺", "shop"),
    NumberUse.OTHER: Words("其他", "other"),
}
