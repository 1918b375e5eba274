"""Labels of cases in both languages: stages, steps, and what is chosen in a step (rules). CPL-4, CPL-5"""

from typing import Final

from config.words import Labels, Words
from crm.cases.model import Stage

STAGES: Final[Labels] = {
    Stage.NEW: Words("未登记", "Not registered"),
    Stage.REGISTERED: Words("已登记", "Registered"),
    Stage.RECEIVED: Words("已受理", "Received"),
    Stage.IN_HAND: Words("办理中", "In hand"),
    Stage.PLAN_PROPOSED: Words("方案待批", "Plan awaits approval"),
    Stage.APPROVED: Words("方案已批准", "Plan approved"),
    Stage.SOLVED: Words("已办结待反馈", "Solved, to be fed back"),
    Stage.FED_BACK: Words("已反馈", "Fed back"),
    Stage.CLOSED: Words("已关闭", "Closed"),
    Stage.ARCHIVED: Words("已归档", "Archived"),
    Stage.MERGED: Words("已并入", "Merged"),
    Stage.ATTACHED: Words("已归入其他工单", "Attached to another"),
}

STEPS: Final[Labels] = {
    "registered": Words("登记", "Register"),
    "received": Words("受理", "Receive"),
    "passed_on": Words("转交", "Pass on"),
    "started": Words("着手办理", "Start on it"),
    "responded": Words("响应客户", "Customer has heard from us"),
    "customer_awaited": Words("等待客户", "Await the customer"),
    "customer_answered": Words("客户已答复", "Customer has answered"),
    "extension_asked": Words("申请延期", "Ask for more time"),
    "extension_granted": Words("批准延期", "Grant more time"),
    "extension_refused": Words("不同意延期", "Refuse more time"),
    "promised": Words("承诺答复时间", "Promise an answer"),
    "plan_proposed": Words("提出处理方案", "Propose a plan"),
    "plan_approved": Words("批准方案", "Approve the plan"),
    "plan_refused": Words("退回方案", "Send the plan back"),
    "solved": Words("办结", "Solved"),
    "replied_in_writing": Words("书面答复", "Reply in writing"),
    "judged": Words("认定", "Judge"),
    "fed_back": Words("反馈客户", "Feed back to the customer"),
    "closed": Words("关闭", "Close"),
    "reopened": Words("重新办理", "Take up again"),
    "reported": Words("上报重大投诉", "Report as major"),
    "urged": Words("催办", "Urge"),
    "supervised": Words("督办", "Put under supervision"),
    "escalated": Words("提级", "Escalate"),
    "taken_back": Words("收回", "Take back"),
    "handed_down": Words("交办", "Hand down"),
    "cause_recorded": Words("记录原因与改进", "Record the cause"),
    "linked": Words("关联", "Link"),
    "merged": Words("并入", "Merge into another"),
    "noted": Words("备注", "Note"),
}
"""The deed, as a button says it; by the step's name."""

MEASURES: Final[Labels] = {
    "apology": Words("道歉", "Apology"),
    "compensation": Words("补偿", "Compensation"),
    "replacement": Words("更换", "Replacement"),
    "refund": Words("退款", "Refund"),
    "repair": Words("维修", "Repair"),
    "explanation": Words("解释", "Explanation"),
    "improvement": Words("改进", "Improvement"),
    "training": Words("培训", "Training"),
}

VERDICTS: Final[Labels] = {
    "valid": Words("有效投诉", "valid complaint"),
    "special": Words("特殊投诉", "special complaint"),
}
"""By `Judged.verdict`."""

SATISFIED: Final[Labels] = {
    "true": Words("满意", "Satisfied"),
    "false": Words("不满意", "Not satisfied"),
    "unreachable": Words("未联系上", "Not reached"),
}
"""What the customer said to the result, by `FedBack.satisfied` in JSON."""

WAYS: Final[Labels] = {
    "form": Words("工单", "By form"),
    "telephone": Words("电话", "By telephone"),
    "writing": Words("书面", "In writing"),
    "in_person": Words("当面", "In person"),
    "message": Words("短信", "By message"),
}
"""By `PassedOn.how` and `FedBack.how`."""
