"""How angry a message is, 0–3 (R02, R14): a level of its own, beside the signals.

0 is ordinary, 1 annoyed, 2 angry, 3 furious. Words say that there is anger; how they are said (exclamation marks,
capitals, a third call for the same thing) only raises it, so a delighted "太好了！！！" stays 0. A harsh word counts
where it is said of somebody or something, not where it is part of a trade's word (滾動軸承, 垃圾郵件, worst case).
"""

import re

from bot.features import normal_form

# What stands behind a word as (?!…) makes another word of it: 氣炸鍋, 不要臉書登入, 經過分析, 滾動, "worst case".
_TOO_FAR = r"过分(?![析类公配段店割享工支级组布摊散红解钟])"
_STRONG = re.compile(
    r"(?<!空)气死(?![角区])|气炸(?![锅烤])|火大(?![楼门队])|愤怒|忍无可忍|岂有此理|欺人太甚|太扯|扯爆|离谱|烂透|烂爆"
    r"|(?<![承接感])受够|受不了|不要脸(?![部书谱])|什么烂|搞什么(?:鬼|东西|飞机|名堂|[啊嘛呀啦!?,。]|$)|搞屁|什么态度|太夸张"
    rf"|太{_TOO_FAR}"
    r"|\b(?:furious|livid|outrag\w+|disgust\w+|appall\w+|infuriat\w+|sick and tired|sick of|enraged|ridiculous"
    r"|unbelievable|absolute joke|how dare|fed up(?! (?:to|into|through)\b)"
    r"|(?:i|we|i've|we've|has|have) had (?:more than )?enough(?= of (?:this|that|these|you)|\s*(?:[.!,;😡]|$)| now\b)"
    r"|unacceptable(?! (?:file|format|characters?|input|values?|type|use|content)\b)"
    r"|worst (?:service|support|company|vendor|supplier|software|experience)"
    r"|worst (?:\w+ ){1,2}(?:i|we|i've|we've|ever)|(?:are|is|being) (?:\w+ )?the worst(?![ -]\w))\b"
)
_MILD = re.compile(
    r"(?<![产发])生气(?![体泡味压])|不爽|不满(?![足一二三四五六七八九十两半百千\d ])|很烦|好烦(?!请)|[我都真要快]火了"
    r"|失望|无言|傻眼|莫名其妙|夸张|[真好很超够]扯(?!到)|这么扯|鬼扯|瞎扯|[别少]扯|跟我扯|扯什么|耍我|敷衍|没人理(?!解)|都不理(?!解)"
    rf"|{_TOO_FAR}|当我(?:们)?(?:是)?(?:空气|白痴|塑胶|傻)"
    r"|(?:话|讲)(?:别|不用|不要|何必)(?:说|讲)?得?(?:这么|那么|这样|那样)(?:难听|冲)?|放尊重|客气一?点"
    r"|\b(?:no need (?:to )?(?:talk|speak) (?:to me )?(?:like|in)|(?:talk|speak) to me (?:like|in)) (?:that|this)"
    r"|\b(?:annoy\w+|frustrat\w+|upset|angry|disappoint\w+|tired of|absurd|terrible|awful(?! lot)"
    r"|(?:is|are|what)(?: \w+){0,2} (?:a|some (?:kind|sort) of) (?:\w+ )?joke"
    r"|nobody (?:cares|answers)|waste of (?:my|our) time)\b"
)
_INSULT = re.compile(
    r"白痴(?!问题|版)|智障(?![者人儿])|脑残|混蛋|王八|他妈的|[真太]他妈|(?<![妈我他她你阿])妈的|(?<!过)去死(?![机锁当循])"
    r"|(?:[是群帮当养真]|这种|你们?(?:这些)?|客服)废物(?![处清管回利代申产暂储再资的要])|废物(?:公司|客服|东西|们)"
    r"|(?:真是?|[就都]是|简直是?|根本是?|你们?|[这什]么|[破烂超]|客服)垃圾(?![邮信桶筒车袋分处回清文档资数场量讯短电评留])"
    r"|[这那]种垃圾[也还]|垃圾(?:公司|厂商|客服|系统|产品|东西|服务|态度)|给我滚(?![动轮])|快滚(?![动轮])|滚(?:蛋|远|出去|回去|吧)"
    r"|滚开(?![水关机启的])|(?:^|[,。!?])(?:垃圾|废物|滚)(?!\s*[\w,、:/])"
    r"|[是群个些]饭桶|狗屁|靠北(?![边侧方面端部])|干你(?:娘|妈|老|全家)|(?:^|[,。!?])干你|傻[逼子]|(?<!蠢)蠢(?!蠢)"
    r"|\b(?:idiots?|morons?|stupid(?! question)|imbeciles?|fuck\w*|shit\w*|bastards?|assholes?|bullshit|wtf"
    r"|damn(?:ed)?|crap)\b"
)
_ONESELF = re.compile(
    r"(?<![当你们])(?:我|自己)(?:[真好太很是个]|真的){0,3}(?:白痴|智障|笨|蠢|傻子?|脑残)"
    r"|\b(?:i'm|i am|i feel|i felt|am i|feeling)(?: (?:so|just|really|such|being|a bit|an?|the)){0,3}"
    r" (?:stupid|idiot|moron)\b"
)
_AGAIN = re.compile(
    r"第[三四五六七八九十\d]+[次遍通]了?|[三四五六七八九十几\d]+[次遍通](?:电话)?了|多少次|每次都|一再|又来了|到底|还要(?:多久|等)"
    r"|\b(?:third|fourth|fifth|\d+(?:rd|th)) time\b|again and again|over and over|how many (?:more )?times"
    r"|still (?:no|nothing|waiting)"
)
_SARCASM = re.compile(
    r"好棒棒|真是厉害|真厉害(?:啊|耶|呢)|呵呵|真有(?:你|妳)们的|好会(?:服务|做生意)|笑死|效率真(?:高|好)(?:啊|呢|耶)"
    r"|oh great|just great|how nice of you|thanks for nothing|bravo|slow clap|brilliant service"
)
_DENIED = re.compile(
    r"(?:没有?|不是|不会|并不?|别|不用|没在|没什么好)(?:很|在|要|太|那么)?(?:生气|不爽|不满|愤怒|失望|抱怨)"
    r"|\b(?:not|never|n't)(?: \w+)? (?:angry|upset|annoyed|frustrated|disappointed|mad|furious)\b"
)
_THEIRS = re.compile(r"您|你|客户|客人|\byou\b|\byour\b|customer")
_FACES = re.compile(r"[😡😠🤬👿💢😤🖕]|:(?:rage|angry|face_with_symbols_on_mouth|middle_finger|anger):")
_HAN = re.compile(r"[㐀-鿿]")
_CAPITALS = re.compile(  # without what errors and their surroundings write in capitals
    r"(?<![\w-])(?!(?:ABORT|ASCII|CAPTCHA|DENIED|ERROR|EXCEPTION|FAILED|FAILURE|FATAL|HTTPS|INVALID|LDAPS|LINUX|MYSQL"
    r"|NGINX|OAUTH|REDIS|SCADA|TIMEOUT|WARNING)\b)[A-Z]{4,}(?![\w-])"
)
_LOWER = re.compile(r"[a-z]")
_ACRONYM = 4
"""Capitals of this length or less are an acronym, and raise no anger."""
_SPEAKS = re.compile(r"\b(?:I|ME|MY|WE|US|OUR|YOU|YOUR|WHY|HOW|THIS|NOBODY|ANYONE|ANYBODY|STOP|STILL|AGAIN|NEVER)\b")
_MARKS = re.compile(r"[!！]{2,}|[?？]{2,}|[!！][?？]|[?？][!！]")


def anger_level(text: str, *, heard: float = 0.0, pleased: bool = False, ours: bool = False) -> int:
    """How angry a text is.

    Args:
        text: The message as it was written.
        heard: The score of the signal `anger`, 0–1.
        pleased: The message shows that its writer is satisfied; only an insult outweighs that.
        ours: One of us says it; "I understand that you are angry" is no anger.
    """
    plain = _ONESELF.sub(" ", _DENIED.sub(" ", normal_form(text)))
    capitals = _capitals(text)
    insulted = bool(_INSULT.search(plain))
    if pleased and not insulted:
        return 0
    spoken_of = ours and _THEIRS.search(plain)
    if insulted or (_STRONG.search(plain) and not spoken_of):
        base = 2
    elif (
        heard >= 0.5  # noqa: PLR2004 - the score from which a signal counts
        or (_MILD.search(plain) and not spoken_of)
        or _SARCASM.search(plain)
        or _FACES.search(text)
        or _is_shouted_throughout(text, capitals)
    ):
        base = 1
    else:
        return 0
    louder = bool(_MARKS.search(text)) + any(len(word) > _ACRONYM for word in capitals) + bool(_AGAIN.search(plain))
    return min(3, base + min(louder, 2))


def _capitals(text: str) -> list[str]:
    """The words in capitals that are no names of things; in a text with Chinese characters, all are."""
    return [] if _HAN.search(text) else _CAPITALS.findall(text)


def _is_shouted_throughout(text: str, capitals: list[str]) -> bool:
    """Whether somebody speaks, and in capitals only; a row of acronyms or an error's text speaks to nobody."""
    return len(capitals) >= 3 and not _LOWER.search(text) and bool(_SPEAKS.search(text))  # noqa: PLR2004 - a rush of them
