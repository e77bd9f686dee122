"""What mail programs write around a quote and under a message, as tables.

The words are theirs, in many languages. `folding` decides by them; a new client or language is a new entry here.
"""

import re

# Field names of the block that Outlook and others put above the quoted mail, by what they name.
HEADER_WORDS: dict[str, str] = {
    "from": "from|מאת|de|von|da|van|od|от|from name|från|fra|lähettäjä|kimden|发件人|寄件者|差出人|"
    "보낸 사람|من|remitente|"
    "expéditeur|mittente|reply-to|feladó|de la|ngườigửi|від|отправитель",
    "date": "sent|date|נשלח|נשלח ב|תאריך|date/time|envoyé|envoyé le|gesendet|datum|inviato|data|enviado|enviado el|"
    "enviada em|fecha|verzonden|wysłano|отправлено|дата|skickat|sendt|dato|lähetetty|päivämäärä|gönderildi|tarih|"
    "发送时间|日期|寄件日期|送信日時|日付|보낸 날짜|تاريخ|تم الإرسال|sent on|надіслано|elküldve|odesláno|trimis",
    "to": "to|אל|ל|לכבוד|à|pour|an|a|para|aan|voor|do|кому|till|til|vastaanottaja|kime|收件人|收件者|"
    "宛先|받는 사람|إلى|"
    "címzett|komu|către",
    "subject": "subject|re|נושא|הנדון|objet|betreff|oggetto|asunto|assunto|onderwerp|temat|тема|ämne|emne|aihe|konu|"
    "主题|主旨|"
    "件名|제목|الموضوع|tárgy|předmět|subiect",
    "copy": "cc|bcc|עותק|העתק|עותק מוסתר|kopie|copie à|копия|reply-to|importance|חשיבות|attachments|"
    "קבצים מצורפים|organization",
}

_HEADER_KIND = {word: kind for kind, words in HEADER_WORDS.items() for word in words.split("|")}
_HEADER_LINE = re.compile(r"^[\s>*_]*([^\W\d_][^:：\n]{0,24}?)[*_\s]*[:：][*_]*(\s|$|.*@)")


def header_kind(line: str) -> str | None:
    """Say which field of a quoted mail's header a line is (from, date, to, subject, copy), or None."""
    match = _HEADER_LINE.match(line) if ":" in line or "：" in line else None
    return _HEADER_KIND.get(match[1].strip().lower()) if match else None


# The verb in "On … X wrote:".
_WROTE = (
    r"wrote|writes|quoting|zitat von|כתבה?|כתב/ה|כתב\(ה\)|כתב\.ה|כתבו|נכתב על[ -]ידי|a écrit|écrit|schrieb|schrieben|"
    r"escribió|escribio|ha scritto|scrisse|"
    r"escreveu|schreef|heeft .{0,80}geschreven|napisał\(?a?\)?|написала?|написал\(?а\)?|пишет|"
    r"писал\(?а?\)?|skrev|kirjoitti|yazdı|"
    r"şunu yazdı|ezt írta|írta|napsala?|napsal\(a\)|a scris|έγραψε|написа|เขียน|đã viết|wrote on|كتب|كتبت|"
    r"написав|пише|писав|va escriure|"
    r"写道|寫道|写入|のメール|님이 작성|作成|메시지"
)
WROTE = re.compile(rf"(?:^|[\s\u200e\u200f>\"'()|,])(?:{_WROTE})(?:$|[\s:：.,\u200e\u200f<\"'])", re.IGNORECASE)

# The line is enough by itself: everything below is the mail that is answered.
ORIGINAL = re.compile(
    r"^\W{0,3}[-_=*]{2,}\s*(original message|original appointment|הודעה מקורית|ההודעה המקורית|"
    r"message d'origine|message original|"
    r"ursprüngliche nachricht|original-?nachricht|mensaje original|mensagem original|messaggio originale|"
    r"oorspronkelijk bericht|"
    r"wiadomość oryginalna|исходное сообщение|пересылаемое сообщение|ursprungligt meddelande|"
    r"original meddelande|oprindelig meddelelse|"
    r"opprinnelig melding|alkuperäinen viesti|orijinal mesaj|özgün ileti|"
    r"原始邮件|原始郵件|元のメッセージ|원본 메시지|الرسالة الأصلية|"
    r"on .{5,200} wrote|reply message|in reply to|reply above this line|"
    r"please reply above this line)\s*[-_=*]{2,}\W{0,3}$",
    re.IGNORECASE,
)
# The same words with the quoted mail run on behind them, as phones write it.
RUN_ON = re.compile(
    r"^(?:on|ב|בתאריך|ביום) .{5,200}<[^<>@\s]{1,64}@[^<>\s]{1,190}>,?\s*(?:wrote|כתבה?|כתב/ה)\s*[:：]\s+\S",
    re.IGNORECASE,
)
REPLY_ABOVE = re.compile(
    r"(please (type|write|enter) your reply above this line|reply above this line|"
    r"please do not write below this line|"
    r"אנא השיבו? מעל (ל?שורה זו|השורה)|נא (לכתוב|להשיב) מעל (ל?שורה זו|השורה))",
    re.IGNORECASE,
)
# What was passed on is what the customer wants us to read: it is kept.
FORWARDED = re.compile(
    r"^\W{0,3}([-_=*]{2,}\s*(forwarded message|הודעה שהועברה|הודעה מועברת|message transféré|"
    r"weitergeleitete nachricht|mensaje reenviado|"
    r"mensagem encaminhada|messaggio inoltrato|doorgestuurd bericht|переадресованное сообщение|"
    r"пересылаемое сообщение|fwd)\s*[-_=*]{2,}|"
    r"begin forwarded message|(?:תחילת )?הודעה (?:שהועברה|מועברת)|anfang der weitergeleiteten nachricht|"
    r"début du message réexpédié)\W{0,3}$",
    re.IGNORECASE,
)

# Lines that programs add under a message.
_SENT_FROM = (
    r"(sent|posted|get|download|send)\s+(from|with|via|using|by)\s+(my|the|a|an)?\s*\S.{0,60}|"
    r"get (the )?outlook( for| app).{0,30}|"
    r"sent (from|via|with) .{0,60}|(this (e-?mail|message) (was|has been) )?sent from .{0,60}|"
    r"נשלח (מ|באמצעות|דרך|על ידי|בעזרת)\S*.{0,60}|הו?רי?דו? את outlook.{0,40}|קבלו? את outlook.{0,40}|"
    r"הודעה זו נשלחה מ.{0,60}|"
    r"envoyé (de|depuis|à partir de) (mon|ma|l').{0,60}|enviado desde (mi|el).{0,60}|"
    r"enviado do meu.{0,60}|inviato da.{0,60}|"
    r"von mein(em|er) .{0,40} gesendet|gesendet von .{0,50}|verzonden (vanaf|met|via) .{0,50}|wysłane? z .{0,50}|"
    r"отправлено (с|из|от) .{0,60}|skickat från .{0,50}|sendt fra .{0,50}|lähetetty .{0,40}(sta|stä|ltä|"
    r"lta)( .{0,20})?|iphone'umdan gönderildi|"
    r"iphoneから送信|发自我的.{0,40}|我的 .{0,20} 傳送|나의 iphone에서 보냄|أرسلت من .{0,40}|"
    r"sent on the go.{0,60}|on the (go|run), please excuse.{0,80}|typed on .{0,40}|excuse (my )?(brevity|"
    r"typos).{0,60}"
)
SENT_FROM = re.compile(rf"^\W{{0,4}}(?:{_SENT_FROM})\W{{0,4}}$", re.IGNORECASE)
DEVICES = re.compile(
    r"iphone|ipad|android|samsung|galaxy|blackberry|mobile|phone|outlook|yahoo|aol|gmail|\bmail\b|huawei|"
    r"xiaomi|redmi|nokia|htc|sony|"
    r"windows|tablet|device|sparrow|\bapp\b|verizon|at&t|t-mobile|lg |oneplus|pixel|handy|mail\.ru|yandex|"
    r"spark|thunderbird|tel|"
    r"טלפון|נייד|אייפון|סלולרי|מכשיר|גלקסי|אנדרואיד|אאוטלוק|ווטסאפ|telefon|téléphone|móvil|celular|"
    r"dispositivo|мобильн|телефон|iphone'",
    re.IGNORECASE,
)
