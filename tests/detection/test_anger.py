"""How angry a message is, 0–3."""

import pytest

from bot.anger import anger_level


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("請問什麼時候可以修好？", 0),
        ("Could you tell me when this will be fixed?", 0),
        ("太好了！！！", 0),
        ("Great!!!", 0),
        ("THE SLA AND THE VPN", 0),
        ("有點失望", 1),
        ("I'm a bit disappointed.", 1),
        ("好棒棒，效率真高啊", 1),
        ("WHY DOES NOBODY PICK UP THE PHONE", 2),
        ("😡", 1),
        ("真的有夠扯", 1),
        ("少跟我扯這些", 1),
        ("Is this some kind of joke?", 1),
        ("我真的受夠了", 2),
        ("This is unacceptable.", 2),
        ("我真的受夠了！！", 3),
        ("第三次了，我真的受夠了", 3),
        ("你們是白癡嗎", 2),
        ("This is the third time. UNACCEPTABLE!!!", 3),
    ],
)
def test_words_tell_anger_and_their_loudness_raises_it(text: str, level: int) -> None:
    """Exclamation marks, capitals and a repeated call raise an anger that words show, and make none by themselves."""
    assert anger_level(text) == level


@pytest.mark.parametrize(
    "text",
    ["我沒有生氣，只是問一下", "我不是不滿，想確認進度", "I'm not upset, just asking", "we are not angry at all"],
)
def test_denied_anger_is_none(text: str) -> None:
    """Who says that they are not angry is not."""
    assert anger_level(text) == 0


@pytest.mark.parametrize(
    "text",
    [
        # machines, software and goods whose names hold a harsh word
        "滾珠螺桿的保固還剩多久？",
        "改成滾動式預測之後報表變慢了",
        "輸送帶滾筒卡住，要換備品嗎",
        "垃圾車的 GPS 模組可以接進來嗎",
        "垃圾簡訊要怎麼擋",
        "JVM 垃圾回收的時間太長",
        "事業廢物清運的聯單要在哪裡印",
        "這批廢物要申報，代碼填哪一個",
        "氣炸鍋的保固登錄在哪一頁",
        "我們不要臉書登入，改用公司帳號",
        "系統過去死機過，現在正常",
        "資源互相等待，最後進去死鎖",
        "訂單和出貨單的關係有點牽扯，想請教怎麼拆",
        "線被拉扯到，插頭鬆了",
        "錯誤率要經過分析才知道",
        "請通過分公司的主管簽核",
        "這個主機可以承受夠大的流量嗎",
        "保固不滿一年，要怎麼算",
        "產生氣泡的那台機器，備料要多少",
        "若干你們的範本想先看看",
        "那個視頻在我們店裡火了，想多開兩個帳號",
        "最好煩請工程師先看一下",
        "滚动日志占满磁盘了",
        "垃圾短信拦截的模块怎么打开",
        "清理垃圾文件后启动变慢",
        "废物利用的积分怎么设置",
        "我真笨，问个白痴问题，按钮在哪儿",
        "保温饭桶的条码扫不出来",
        "What is the worst-case response time under the contract?",
        "At worst we can wait until Monday",
        "Sorry for the stupid question, where is the export button?",
        "I feel so stupid, it was unplugged",
        "It says unacceptable file type when I upload",
        "The readings are fed up to the cloud every hour",
        "Do we have had enough disk space before the update?",
        "There is an awful lot of data in that table",
        "Tell me a joke while we wait",
        # capitals that nobody shouts
        "匯入 JSON 時跳 FATAL ERROR TIMEOUT",
        "請問 SFTP 要開哪個 PORT，FIREWALL 要放行嗎",
        "MES 轉 WMS 的 EDI 用 XML 還是 JSON",
        "打印机提示 PAPER EMPTY ERROR，怎么处理",
        "The SAP CRM SCADA HVAC feed is late",
        "HTTP 503 SERVICE UNAVAILABLE",
        "SELECT COUNT FROM ORDERS WHERE STATUS NULL",
        "ODBC JDBC SOAP REST IDOC",
    ],
)
def test_what_only_looks_angry_is_ordinary(text: str) -> None:
    """A harsh word inside another one, a trade's own word, an acronym and an error's text are no anger."""
    assert anger_level(text) == 0


@pytest.mark.parametrize(
    "text",
    [
        "滾！",
        "叫你們工程師滾出去",
        "快滾，不想再看到你們",
        "你們真是垃圾",
        "什麼垃圾系統",
        "垃圾公司！",
        "你們這群廢物",
        "廢物！",
        "這也太扯了吧",
        "我受夠你們了",
        "真他媽爛",
        "去死吧",
        "你们客服就是废物",
        "简直是垃圾",
        "给我滚",
        "一群饭桶",
        "This is the worst support I have ever dealt with",
        "Worst service ever",
        "You people are the worst.",
        "I have had enough of this",
        "We've had enough.",
        "you lot are idiots",
        "I am not stupid, stop treating me like this",
        "I WANT MY MONEY BACK",
        "YOUR SYSTEM STOPPED AGAIN AND NOBODY CARES",
    ],
)
def test_real_anger_is_still_read(text: str) -> None:
    """The same words said at somebody, and a whole message shouted, are angry."""
    assert anger_level(text) >= 2


def test_capitals_are_loud_only_where_all_is_written_in_latin_letters() -> None:
    """In a Chinese sentence capitals are names of things; short ones and those with a digit are so anywhere."""
    assert anger_level("我真的受夠了 EXPORT FAILED") == anger_level("我真的受夠了") == 2
    assert anger_level("I am fed up with your ERP") == anger_level("I am fed up with your H264X") == 2
    assert anger_level("I am FURIOUS about this") == 3


def test_both_scripts_are_equally_angry() -> None:
    """Traditional or simplified makes no difference."""
    assert anger_level("氣死我了！！") == anger_level("气死我了！！") == 3


def test_a_satisfied_customer_is_not_angry() -> None:
    """Loud thanks are thanks; only an insult outweighs them."""
    assert anger_level("終於好了，本來快氣死，謝謝！！", pleased=True) == 0
    assert anger_level("謝謝喔，垃圾公司", pleased=True) == 2


def test_an_agents_sympathy_is_no_anger() -> None:
    """R10: naming the customer's feeling is not having it; shouting back is (R14)."""
    assert anger_level("我知道您現在很火大，真的抱歉", ours=True) == 0
    assert anger_level("I understand that you are furious.", ours=True) == 0
    assert anger_level("我真的受夠了！", ours=True) == 2


def test_a_heard_anger_counts_without_a_word_of_the_list() -> None:
    """The signal's score, learnt from the playbook's examples, is as good as a word."""
    assert anger_level("你們就繼續裝死", heard=0.5) == 1
    assert anger_level("你們就繼續裝死！！", heard=0.5) == 2
    assert anger_level("你們就繼續裝死", heard=0.49) == 0
