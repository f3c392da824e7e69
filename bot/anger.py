"""How angry a message is, 0–3 (R02, R14): a level of its own, beside the signals.

0 is ordinary, 1 annoyed, 2 angry, 3 furious. Words say that there is anger; how they are said (exclamation marks,
capitals, a third call for the same thing) only raises it, so a delighted "太好了！！！" stays 0.
"""

import re

from bot.features import normal_form

_STRONG = re.compile(
    r"气死|气炸|火大|愤怒|忍无可忍|岂有此理|欺人太甚|太扯|扯爆|离谱|烂透|烂爆|受够|受不了|不要脸|什么烂|搞什么|搞屁|什么态度|太过分|太夸张"
    r"|furious|livid|outrag\w+|disgust\w+|appall\w+|infuriat\w+|fed up|sick and tired|sick of|had enough|enraged"
    r"|ridiculous|unbelievable|unacceptable|absolute joke|worst|how dare"
)
_MILD = re.compile(
    r"生气|不爽|不满|很烦|好烦|火了|失望|无言|傻眼|莫名其妙|夸张|过分|扯|耍我|敷衍|没人理|都不理|当我(?:们)?(?:是)?(?:空气|白痴|塑胶|傻)"
    r"|annoy\w+|frustrat\w+|upset|angry|disappoint\w+|tired of|joke|absurd|terrible|awful"
    r"|nobody (?:cares|answers)|waste of (?:my|our) time"
)
_INSULT = re.compile(
    r"白痴|智障|脑残|废物|垃圾|混蛋|王八|他妈|妈的|去死|滚|饭桶|狗屁|靠北|干你|傻[逼子]|蠢"
    r"|\b(?:idiots?|morons?|stupid|imbeciles?|fuck\w*|shit\w*|bastards?|assholes?|bullshit|wtf|damn(?:ed)?|crap)\b"
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
_SHOUTED = re.compile(r"\b[A-Z]{4,}\b")
_SHOUTED_THROUGHOUT = re.compile(r"(?!.*[a-z])(?:.*?\b[A-Z]{4,}\b){3}", re.DOTALL)
_MARKS = re.compile(r"[!！]{2,}|[?？]{2,}|[!！][?？]|[?？][!！]")


def anger_level(text: str, *, heard: float = 0.0, pleased: bool = False, ours: bool = False) -> int:
    """How angry a text is.

    Args:
        text: The message as it was written.
        heard: The score of the signal `anger`, 0–1.
        pleased: The message shows that its writer is satisfied; only an insult outweighs that.
        ours: One of us says it; "I understand that you are angry" is no anger.
    """
    plain = _DENIED.sub(" ", normal_form(text))
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
        or _SHOUTED_THROUGHOUT.match(text)
    ):
        base = 1
    else:
        return 0
    louder = bool(_MARKS.search(text)) + (len(_SHOUTED.findall(text)) >= 1) + bool(_AGAIN.search(plain))
    return min(3, base + min(louder, 2))
