"""Words that mean the same to this trade, in Chinese and English, so that examples in one language teach the others.

Each concept is a regular expression over text in normal form (see `bot.features.normal_form`): simplified characters,
half-width, lower case. Where two concepts could begin at the same place, the one that stands first wins.
"""

import re
from collections.abc import Mapping

CONCEPTS: Mapping[str, str] = {
    "not_allowed": r"不允许|不可以|不能|无法|没办法|没法|不受理|帮不了|办不到|不行|can't|cannot|can not|unable|won't be able"
    r"|not able|not possible|not allowed|doesn't allow|don't allow|nothing (?:i|we) can",
    "policy": r"规定|政策|制度|流程|条例|规范|标准作业|policy|policies|procedure|protocol|guidelines?|the rules?|regulations?",
    "terms": r"合同|合约|条款|协议|服务水平|第[一二三四五六七八九十\d]+条|contract|agreement|\bsla\b|\bterms?\b|clause|section \d+",
    "warranty": r"保固|保修|质保|维保|warranty|coverage|guarantee period",
    "expired": r"过期|过保|出保|脱保|到期|已过|expired?|lapsed|ran out|run out|out of (?:warranty|coverage|contract)",
    "promise": r"承诺|答应|允诺|说好|讲好|谈好|口头|保证|promised?|gave (?:us|me) (?:his|her|their|your) word|assured?|guaranteed?",
    "said": r"说过|讲过|提过|说会|说是|告诉|told|mentioned|said",
    "sales": r"业务员?|销售|客户经理|account (?:manager|owner|executive|rep)|salesperson|sales ?(?:rep|guy|man|team|person)|\bsales\b",
    "boss": r"主管|经理|领导|老板|负责人|上司|上级|高层|总经理|店长|能做主|能决定|manager|supervisor|\bboss\b|in charge"
    r"|someone (?:senior|higher)|superior|management|\bceo\b|director",
    "engineer": r"工程师|技术人员|技术员|师傅|技术部?|维修人员|研发|engineer(?:s|ing)?|technicians?|\btechs?\b|developers?",
    "colleague": r"同事|同仁|前一[个位]|上一[个位]|其他部门|别的部门|colleagues?|coworkers?|co-workers?|teammates?|other (?:team|department)",
    "lawyer": r"律师|法务|起诉|控告|提告|告你们?|告上|法院|法庭|诉讼|存证信函|律师函|消保官?|消费者保护|消协|工商局?|公平会|仲裁|违约"
    r"|lawyers?|attorney|legal (?:action|team|department|counsel|steps)|\bsue\b|lawsuit|court|small claims|breach",
    "publicity": r"曝光|爆料|公开|媒体|记者|新闻|脸书|网上|网络上|社群|社团|论坛|微博|小红书|抖音|朋友圈|批踢踢|ptt|dcard|一星|差评|负评"
    r"|google ?评论|评价|review|one[- ]star|1[- ]star|social media|twitter|linkedin|facebook|reddit|press|journalist|media|publicly|public",
    "leave": r"换厂商|换供应商|换别家|换一家|换掉你们|找别家|找别人|找其他|其他厂商|另一家|别家|竞争对手|竞品|对手|不续约|不续|解约|终止合[约同]"
    r"|退租|停用|转去|转用|competitors?|switch(?:ing)?|another (?:vendor|supplier|provider|company)|other (?:vendors?|suppliers?|options)"
    r"|cancel (?:our|the|my)|terminate|take our business|elsewhere|won't renew|not renew(?:ing)?|moving (?:away|to)|replac(?:e|ing) you",
    "fire": r"开除|炒你|丢工作|没工作|没饭碗|饭碗|工号|叫什么名字|你的名字|记住你|投诉你|客诉你|fired|your job|your (?:full )?name"
    r"|badge number|employee (?:id|number)|report you|complain about you",
    "personal_blame": r"你个人|你要?负责|你负责|负全责|负责任|扛得?起|唯你是问|找你算|you personally|personally|hold you|held (?:responsible|accountable)"
    r"|on your head|your fault|answer for",
    "insult": r"白痴|智障|笨蛋|蠢|脑残|脑子|废物|垃圾|混蛋|王八|他妈|妈的|去死|滚|猪|无能|没用|饭桶|有病|不要脸|狗屁|靠北|干你|傻[逼瓜子]?"
    r"|idiots?|stupid|morons?|dumb|useless|incompetent|imbeciles?|pathetic|clown|garbage|trash|brain(?:less|dead)?|shut up|damn|fuck\w*|shit\w*|bastard|asshole|crap",
    "fury": r"生气|气死|气炸|火大|愤怒|受够|忍无可忍|离谱|夸张|太扯|扯爆|搞什么|什么态度|什么烂|烂透|傻眼|过分|莫名其妙|岂有此理|受不了|忍很久|不爽"
    r"|ridiculous|unacceptable|furious|angry|outrageous|fed up|disgust\w*|appall\w*|insane|a joke|sick (?:and tired|of)|unbelievable|livid|had enough|worst|terrible|awful|infuriat\w*|absurd",
    "again_and_again": r"第[二三四五六七八九十几\d]+次|好几次|多少次|几次了|每次|一再|再三|又来|又坏|又是|times (?:already|now)|again and again|third time|second time|every (?:single )?time|over and over|keep(?:s)? (?:calling|asking|telling)",
    "already_said": r"刚刚?才?(?:已经)?(?:就)?(?:说|讲|跟)|说过了|讲过了|再说一[次遍]|再讲一[次遍]|还是一样|一样的|重复|不行就是不行|as i(?:'ve| have)? (?:already )?(?:said|told|mentioned|explained|stated)"
    r"|already (?:said|told|explained|answered|mentioned)|like i said|same answer|still no|once again|i repeat|again,",
    "secret": r"偷偷|私下|私底下|悄悄|暗中|不要(?:讲|说|写|记|让)|别(?:讲|说|写|记|往上报|让)|不用(?:写|记|留|登记)|你知我知|保密|没人(?:会)?知道|不会有人|不会说出去|quietly|off the (?:record|books|ticket|system)|between (?:us|you and me)"
    r"|nobody (?:has to|needs to|will|would)|no one (?:has to|needs to|will|would)|never (?:has|have|need)s? to (?:know|find)|secret|under the table|keep (?:it|this) quiet|don't (?:log|record|tell|mention)",
    "favour": r"拜托|帮帮忙|帮个忙|帮一下|行个方便|通融|破例|看在|老客户|这么多年|多年|交情|人情|情面|高抬贵手|就这一次|这一次|下不为例|求你|求求|算我欠|网开一面|please|favou?r|just this once|this once|one time|bend the rules|exception|loyal|for years|good will|goodwill|help (?:us|me) out|begging|beg you|cut (?:us|me) some slack|old times|do us a",
    "trouble": r"被骂|骂死|交代|交待|不好过|难做|为难|体谅|领薪水|混口饭|饶了我|in trouble|yell(?:ed|s)? at|get me fired|hard on me|give me a break|my situation|bear with me",
    "compensate": r"赔偿|赔钱|赔我|怎么赔|要赔|补偿|损失|退钱|退费|退款|退还|折抵|compensat\w*|refund|money back|damages|reimburse\w*|make up for|credit (?:us|our|my)|pay for (?:our|the) (?:loss|downtime)|losses|lost (?:revenue|sales|business|orders?)",
    "free": r"免费|不收费|不收钱|不用钱|不用付|不必付|全免|免收|吸收|free of charge|for free|\bfree\b|no charge|without charge|on the house|at no cost|waived?|waiving|won't (?:be )?charge",
    "fee": r"费用|收费|付费|扣款|计费|帐单|账单|发票|请款|收钱|多收|重复收|乱收|工时费|检测费|服务费|上门费|车马费|这笔|invoiced?|\bbill(?:ed|ing)?\b|charged?|charges|\bfees?\b|payment|overcharged",
    "price": r"多少钱|价格|价钱|报价|费率|几块|怎么算|怎么收|预算|贵|便宜|how much|price[sd]?|pricing|quote|quotation|\bcosts?\b|expensive|cheap(?:er|est)?|budget|what you paid|you paid|rate card",
    "discount": r"打折|[一二三四五六七八九]折|折扣|减免|优惠|半价|送您|赠送|加送|多送|discount|half (?:price|off)|percent off|% off|throw in|extra months?|swap|换一台|换新|replacement|loaner",
    "why": r"为什么|为何|为啥|怎么会|凭什么|理由|原因|解释|说明|怎么不|\bwhy\b|reason|explain|how come|on what (?:grounds|basis)",
    "fault": r"故障|坏了|坏掉|又坏|当机|死机|当掉|卡住|卡死|打不开|开不了|登不进|登录不|登入不|连不上|断线|掉线|报错|错误|异常|跳出|停摆|停机|停线|不能用|用不了|没反应|闪退|黑屏|蓝屏|漏水|失败"
    r"|broken|crash\w*|error|not working|doesn't work|won't (?:load|start|open|boot|turn|connect)|stopped working|\bdown\b|fail(?:s|ed|ing|ure)?|fr(?:ee|o)z\w*|offline|bug|glitch|stuck|outage|shuts? (?:itself )?(?:off|down)|can't (?:log|connect|open|print|access|sign)",
    "thanks": r"谢谢|感谢|多谢|感恩|辛苦|点赞|赞|太好了|很棒|满意|解决了|好了|恢复|帮大忙|效率|thank(?:s| you)|appreciate|great (?:job|work|service|help)|excellent|perfect(?:ly)?|awesome|well done|kudos|works (?:now|again|fine|great)|solved|resolved|happy with|impressed",
    "company_lesson": r"经营|做生意|服务业|以客为尊|客户至上|诚信|管理|教教|我告诉你|告诉你们|应该要|你们应该|你们该|做企业|开公司|售后服务|一[家间]好的|训练|培训员工|检讨|let me (?:tell|teach|explain|give)|real (?:company|business)|how (?:a|to run)|train your|customer[- ]first|in my (?:business|company|day|experience)|\blesson|you (?:people )?(?:should|need to|ought to) (?:learn|train|know|understand|run|treat)|businesses?",
    "handle_by_customer": r"您自己|你们自己|你们的人|您的同事|使用者|操作不当|误操作|人为|没有?(?:定期|按照?|依|看|备份|更新|做)|乱[改动按弄]|改坏|弄坏|谁叫|谁让|不看|没注意|your (?:own )?(?:team|staff|side|people|user|users|end|it)|user error|misus\w*|you (?:didn't|did not|should have|failed|never|forgot|must have|changed|broke|ignored)|your (?:own )?(?:fault|mistake|responsibility)|on you\b",
    "deny": r"不是这样|不对|没有这回事|没这回事|不是您说|不是你说|乱讲|胡说|搞清楚|误会|事实上|强词夺理|没有责任|哪有|从来没|明明|not true|wrong|incorrect|that's false|never said|not what|actually,|misunderst\w*|lying|lie|mistaken|prove it|the facts",
    "product_bad": r"很烂|真的烂|太烂|做得很差|很差|不好用|常常坏|不稳|设计不良|问题很多|不行|抱怨|都在骂|rip[- ]?off|piece of junk|junk|terrible product|buggy|poorly|overpriced|lousy|shoddy|unreliable",
    "label": r"奥客|刁民|难缠|卢的|很卢|超卢|来乱的|戏真?多|麻烦的客[户人]|神经病|烦死|机车|难搞|troublemaker|karen|nightmare|pain in the|difficult customer|whin(?:er|ing)|nutjob|crazy|annoying|drama|freeloader|cheapskate",
    "soon": r"尽快|尽速|再等等|再等一下|耐心|稍等|稍候|一点时间|有消息|有结果|有进展|再通知|再跟您说|还在(?:处理|讨论|确认|查|看|研究)|内部讨论|as soon as possible|asap|bear with us|be patient|patience|get back to you|looking into|in due course|at some point|shortly|still (?:checking|working|waiting)|keep you posted|when we (?:can|know)|some (?:more )?time",
    "sure": r"放心|没问题|一定|绝对|肯定|包在我|我保证|我负责|打包票|guarantee|promise|definitely|absolutely|100 ?%|no problem|don't worry|rest assured|you have my word|count on|make sure|trust me|never happen",
    "contact_directly": r"直接(?:跟|找|联络|联系|打)|分机|电话给您|跟您联[络系]|他的(?:电话|手机|line|微信)|directly|reach (?:him|her|them)|his number|her number|here's \w+'s|'s number|extension|come (?:and|to) fix|cell",
    "proposal": r"不然这样|要不这样|不然我们|要不要?我们|要不要|那不然|那我们|那要不|行不行|好不好|可不可以先|how about|what if|what about|instead|shall we|why don't we|would you (?:like|take|accept)|we could (?:just )?(?:give|offer|swap|send)",
    "when": r"去年|今年|明年|上个?月|月底|年底|验收|装机|安装|交货|出货|签收|from the (?:day|date)|delivery|installed|installation|acceptance|until|last (?:month|year|week)|months? ago|years? ago",
    "evidence": r"第一|第二|第三|首先|其次|根据|依照|依据|按照|总结|整理|代表|显示|according to|first(?:ly)?,|second(?:ly)?,|based on|as per|stated|states|says|evidence|which (?:means|suggests|shows)|therefore|logged",
    "want": r"我要|我们要|要求|希望|必须|请(?:给|派|转|叫|让|把|你们|您)|叫|派|转给|麻烦|i want|we want|i need|we need|i'd like|we'd like|we expect|i expect|demand|i insist|could you|can you|can i|may i|let me (?:talk|speak)|speak (?:to|with)|talk (?:to|with)|put (?:me|your)|send",
    "you": r"你们|贵公司|贵司|你|您|\byou(?:'re|'ve|'ll|'d)?\b|\byour\b|you people",
    "we": r"我们|咱们?|我|\b(?:i|we|our|my|us|me)(?:'m|'re|'ve|'ll|'d)?\b",
    "not": r"不是|没有|不要|不会|不用|别|没|不|\bnot?\b|\bnever\b|n't\b|\bwithout\b",
}

_CONCEPT = re.compile("|".join(f"(?P<{name}>{words})" for name, words in CONCEPTS.items()))


def concepts(text: str) -> list[str]:
    """The concepts in a text of normal form, in the order in which they are said."""
    return [match.lastgroup for match in _CONCEPT.finditer(text) if match.lastgroup]
