"""Words that claim: whoever says them says that something was done, will be done, or was decided by somebody (R33).

They are told by their look, so this errs on the side of asking: an author who is refused says it otherwise, or names
the fact. What is denied ("I cannot promise") or hangs on a condition ("once it is approved") claims nothing.
"""

import re
from functools import cache

from bot.playbook import Language
from bot.script import convert

_US = r"(?:我|我们|这边|我们这边|客服|同事|同仁|公司)"
_ABOVE = r"(?:主管|经理|公司|上面|上级|老板|总部|总公司|法务|高层|原厂)(?:那边|这边|都|也)?"
_COLLEAGUE = r"(?:业务|销售|工程师|技术人员|维修人员|师傅|专人|同事|同仁)"
_ALREADY = r"(?:已经|已|刚刚|刚才|刚|都)"
_DEEDS = (
    r"(?:向|跟|和|请|问|替|帮|为|给|找|派|转|安排|申请|通知|联系|联络|登记|回报|反映|反应|提报|交代|预约|排|约|送出|送件|开单"
    r"|立案|记录|核准|批准|同意|答应|决定|修好|处理)"
)
_TOLD = r"(?:说|讲|提|问|报告|反映|申请|确认|安排|登记|联系|联络|通知|交代)"
_YOU = r"(?:您|你们?|贵公司|贵司)"
_GAP = r"[^，。！？；,!?;]"
_FINISHED = r"(?:修|处理|解决|搞定|完成|恢复|给您|给你|回复您|回复你|答复您|回您|到您)"
_CHINESE = (
    # done
    rf"{_US}{_GAP}{{0,4}}{_ALREADY}(?:先|也|都|特别)?{_DEEDS}",
    rf"(?:^|[，。！？；,!?;\s]){_ALREADY}(?:先|也|都|特别)?{_DEEDS}(?!您|你)",
    rf"{_ALREADY}(?:先|也|特别)?(?:帮|替|为|给){_YOU}",
    rf"我们?(?:请|问|找|派|约|帮您|替您)了|请示过|我们?有?(?:跟|向|和|帮|替|请){_GAP}{{1,8}}{_TOLD}(?:过|好)?了",
    r"(?:查|问|确认)(?:过|到|清楚|好)了",
    rf"{_COLLEAGUE}(?:也)?{_ALREADY}?(?:排|安排|派|约|找|联系|联络)(?:好|到)?了|业务(?:也)?(?:已经)?知道",
    # so it is
    r"是我们(?:公司)?的?(?:错|疏失|疏忽|问题|责任)|我们(?:公司)?(?:弄错|搞错|漏)了",
    rf"(?:保固|保修|合约|合同|期限|维护){_GAP}{{0,10}}(?:过期|到期|过)了|过保了",
    r"在(?:保固|保修|合约|合同|服务)(?:期|期间|范围)?[内里]",
    # decided or said by somebody
    rf"{_ABOVE}{_ALREADY}?(?:特别)?(?:同意|答应|核准|批准|批了|准了|点头|授权|交代|说|决定)",
    rf"{_ABOVE}(?:不|没有?)(?:同意|答应|核准|批准|批|点头)|(?:没有?|被)(?:申请下来|通过|批准|核准|驳回)",
    r"(?:核准|批|申请|签)(?:下来|通过|过|准)了|特准|特批|破例(?:给|帮|让)",
    rf"{_COLLEAGUE}(?:那边|这边)?{_ALREADY}?(?:说|表示|回复|回覆|答复|确认|答应|承认|记得)",
    # on its way
    rf"{_COLLEAGUE}{_GAP}{{0,6}}(?:会|马上|立刻|{_ALREADY}|正在?)就?(?:去|到|过去|赶|出发|上门|联系|联络|打给|打电话|回电)",
    r"在(?:来的)?路上|出发了|(?:会|马上|立刻|已经)派",
    # what it costs
    r"免费|免收|不收费|不用钱|不(?:用|会|再|跟您|向您|会跟您)?(?:收|算)您?(?:任何)?的?(?:钱|费)|不(?:用|必)您?付",
    rf"(?:给|帮|算|送|退|赔|补偿){_YOU}{_GAP}{{0,4}}(?:折|优惠|便宜|免|退费|退款|费用|钱|一个月|一年)",
    r"(?:全额|马上|直接)退|退(?:费|款)给|\{concession\}",
    # promised
    r"保证|承诺(?:您|你|会)|我们?承诺|包在我|包准|一言为定|说到做到|我们?发誓|\{due_at\}",
    r"(?:一定|绝对|肯定|必定|铁定)(?:可以|能)?(?:会|帮|给|替|让|修|处理|解决|做到|准时|搞定|没问题|还您)",
    rf"会(?:帮|替|为|给)?{_YOU}?[^，。！？；,!?;会]{{0,6}}(?:处理好|搞定|解决好|弄好|修好|办好|恢复正常)",
    r"(?:^|[，。！？；,!?;])\s*(?:好的?|可以|当然)?没问题(?=$|[，。！？；,!?;~～ ])",
    rf"(?:今天|明天|后天|下班|中午|傍晚|晚上|[一二三四五六七八九十两\d]+(?:点半?|:\d\d))(?:以前|之前|前){_GAP}{{0,6}}{_FINISHED}",
    rf"[一二三四五六七八九十两半\d]+个?(?:小时|钟头|分钟|工作天|工作日|天)(?:之内|以内|内){_GAP}{{0,6}}{_FINISHED}",
)
_CHINESE_UNSAID = (
    r"(?:[不没未别勿]|没有|无法|没办法|难以|如果|若是?|要是|假如|假设|等到?|一旦|只要|是否|要不要|由|让|除非)"
    rf"{_GAP}{{0,2}}$"
)

_WE = r"\b(?:i|we)"
_WILL = (
    r"(?:'ll| will| shall|'m going to|'re going to| am going to| are going to)(?: also| then| personally| definitely)?"
)
_DID = (
    r"(?:asked|told|checked (?:with|and|it)|spoken|spoke (?:to\b|with)|talked (?:to\b|with)|confirmed|arranged"
    r"|requested|filed|escalated|raised|booked|scheduled|reserved|assigned"
    r"|forwarded|passed (?:it|this|that|your)|contacted|called|found|looked (?:into|it up)"
    r"|put (?:it|this|that|your case|in a request)|written|e-?mailed"
    r"|submitted|ordered|waived|approved|agreed|decided|opened|logged|fixed|handed|set (?:it |this )?up"
    r"|sent (?:it|this|that|you|your|somebody|someone|an?\b|the\b|our\b))"
)
_BOSS = r"\b(?:manager|supervisor|boss|director|head office|management|legal|company)"
_PEER = (
    r"\b(?:sales|salesperson|engineer|technician|specialist|account (?:owner|manager)|colleague|team|somebody|someone)"
)
_HAS = r"(?:'s| is| are| was| has| have| will be)(?: now| already| just| been| being)*"
_GRANTED = r"(?:approved|granted|agreed|authori[sz]ed|waived|signed off)"
_DAY = (
    r"(?:noon|midday|midnight|tonight|today|tomorrow|(?:mon|tues|wednes|thurs|fri|satur|sun)day|end of|the end|close)"
)
_HOUR = r"(?:\d|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|next|this (?:morning|afternoon|evening))"
_ENGLISH = (
    # done
    rf"{_WE}(?:'ve| have)?(?: already| just| now| also)* {_DID}",
    rf"{_PEER}s?{_HAS} (?:lined up|booked|scheduled|arranged|assigned|informed|told)",
    # so it is
    r"\b(?:our|the company's) (?:mistake|fault|error|slip)\b",
    r"\b(?:warranty|cover|coverage|contract|maintenance|plan)(?: has| had|'s)? (?:expired|ended|lapsed|r[au]n out)",
    r"\b(?:is|are|you're|it's|that's) (?:still )?(?:covered|(?:under|in|out of) warranty)",
    # decided or said by somebody
    rf"\b(?:been|were|it's|that's|got|gets|is|are|was|has|have)(?: already| now| been| just)* {_GRANTED}",
    r"\bapproved\b|\b(?:was|were|is)(?:n't| not) (?:approved|granted|agreed)|\bsaid no\b",
    r"\b(?:was|were|been|is) (?:declined|rejected|turned down)",
    rf"{_BOSS}(?: has| have| already| just)* (?:says|said|agreed|decided|confirmed|okayed|told|wants|signed)",
    rf"{_PEER}(?: has| have| already| just)* (?:says|said|confirmed|told|agreed|promised|answered|replied|recalls)",
    # on its way
    rf"{_PEER}s?{_HAS} (?:coming|sent|with you|calling you|contacting you)",
    rf"(?:{_PEER}|{_BOSS})(?: will|'ll) (?:call|come|visit|be (?:there|with you)|contact|ring|fix|reach)",
    r"\bon (?:the|their|his|her) way\b(?! (?:to|of))",
    # what it costs
    r"\bfree of charge|\bfree repair|\bfor free\b|\b(?:be|is|it's) free\b(?! (?:to|of))",
    r"\bno charge|\bon the house|\bon us\b|\bat no (?:extra |additional )?(?:charge|cost)|\{concession\}",
    r"\b(?:won't|will not|not going to|never) (?:be (?:charged|billed)|charge|bill|cost|have to pay|pay)",
    rf"{_WE}(?:'ll| will| can) (?:offer|give|grant) you\b",
    # promised
    rf"{_WE}(?:'ll| will| do)? promise|\bguarantee|\bassure you|\brest assured|\bmy word\b|\{{due_at\}}",
    r"\bconsider it done|\bleave it (?:with|to) me|(?:^|[.!?]\s+)(?:no problem|sure thing)\b",
    rf"{_WE}{_WILL} (?:get you|get (?:it|this|that|your \w+) |make sure|see to it|ensure|fix|repair|solve|resolve)",
    rf"{_WE}{_WILL} (?:sort (?:it|this|that|everything)|take care of|refund|replace|credit|compensate|waive|cover)",
    rf"{_WE}{_WILL} (?:have|send(?: out| over)?) (?:it|this|that|you|your|somebody|someone|an?|the|our)\b",
    r"\b(?:i'm|we're|i am|we are) (?:now )?(?:sending|dispatching|booking|refunding|waiving)",
    rf"{_WE}{_WILL}\b[^.;!?,]{{0,60}}\b(?:by|before) (?:{_DAY}|{_HOUR}|cob|eod)\b",
    rf"{_WE}{_WILL}\b[^.;!?,]{{0,60}}\bwithin (?:the|an?|half|{_HOUR})\b",
)
_ENGLISH_UNSAID = (
    r"(?:\b(?:not|never|cannot|without|nobody|if|once|until|till|unless|whether|when|before|after|as soon as)|n't)"
    r"(?:\s+\S+){0,3}\s*$"
)
_BEFORE = 80
"""As many characters before such words are read for what denies them."""
_CLAUSE_ENDS = re.compile(r"[，。！？；：,.!?;:—]")


def claiming_words(language: Language, text: str) -> str | None:
    """The words with which a line tells of a done action, promises or speaks with authority (R33), if any."""
    english = language == "en"
    plain = text.replace("’", "'") if english else convert("t2s", text)
    claiming, unsaid = _compiled(english=english)
    for found in claiming.finditer(plain):
        before = _CLAUSE_ENDS.split(plain[max(0, found.start() - _BEFORE) : found.start()])[-1]
        if not unsaid.search(before):
            shown = text.replace("’", "'") if len(text) == len(plain) else plain
            return shown[found.start() : found.end()].strip(" ，。！？；,.!?;")
    return None


@cache
def _compiled(*, english: bool) -> tuple[re.Pattern[str], re.Pattern[str]]:
    claiming, unsaid = (_ENGLISH, _ENGLISH_UNSAID) if english else (_CHINESE, _CHINESE_UNSAID)
    return re.compile("|".join(claiming), re.IGNORECASE), re.compile(unsaid, re.IGNORECASE)
