"""What a bounce's words and codes mean: whether anybody is at the address, and a sentence for people.

Tables only; finding the words is `bounce`'s and `bounce_text`'s work.
"""

import re

from msgspec import Struct

ENHANCED = re.compile(r"(?<![\w.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
REPLY = re.compile(
    r"(?<![\w.#/:])([45][0-5]\d)(?=[\s\-#:;,)]|$)(?!\s*(?:bytes|seconds|minutes|hours|kb|mb))", re.IGNORECASE
)


class Meaning(Struct, frozen=True, kw_only=True):
    """One kind of failure: the words and codes that tell it. `nobody_there`: mail to this address can never arrive."""

    sentence: str
    words: re.Pattern[str]
    nobody_there: bool = False
    codes: tuple[str, ...] = ()


def _meaning(sentence: str, words: str, *, nobody_there: bool = False, codes: str = "") -> Meaning:
    pattern = re.compile(words, re.IGNORECASE)
    return Meaning(sentence=sentence, words=pattern, nobody_there=nobody_there, codes=tuple(codes.split()))


# The first whose words fit wins: what is said about sender, content or quota is more telling than "rejected".
MEANINGS: tuple[Meaning, ...] = (
    _meaning(
        "The recipient has moved to another address.",
        r"no longer (?:employed|with (?:us|the company))|has (?:moved|changed) (?:to|his|her|their|address|"
        r"e?-?mail)|please try <|"
        r"user has moved|has been replaced by|new (?:e-?mail )?address is|address (?:has )?changed",
        nobody_there=True,
        codes="5.1.6",
    ),
    _meaning(
        "The recipient's domain accepts no mail.",
        r"does(?:n't| not) accept (?:any )?(?:e-?)?mail|null ?mx|mx (?:record )?0 ?\.|no mail server accepts|"
        r"smtp protocol returned a permanent error",
        nobody_there=True,
    ),
    _meaning(
        "The mailbox is full.",
        r"mailbox (?:is |has been |was )?(?:full|exceed|over ?quota|limit)|(?:over|exceed\w*|out of|"
        r"insufficient) (?:\w+ ){0,4}(?:quota|storage|mailbox size)|"
        r"quota (?:is |has been |was |would be )?(?:exceed|full|reached|violation)|disk(?: ?space)? (?:full|"
        r"quota)|over ?quota|user is over|inbox is full|"
        r"mailbox size (?:limit|exceed)|(?:messages|mails) in recipient's mailbox exceeded|"
        r"not enough (?:disk |storage )?space|maildir (?:delivery failed: .*)?over|"
        r"mailfolder is full|storage (?:space )?(?:exceeded|full)|too much mail data|recipient storage full|"
        r"exceeded storage allocation|תיבת הדואר מלאה",
        codes="5.2.2 4.2.2",
    ),
    _meaning(
        "The message is too large for the recipient.",
        r"(?:message|mail|content)(?: file)?(?: size)? (?:is )?(?:too (?:big|large|long)|exceeds|larger than)|"
        r"size exceeds|exceed(?:s|ed)?(?: the)? (?:fixed |maximum |max )?"
        r"(?:message|mail)?[ -]?size|too (?:large|big) (?:message|mail)|max(?:imum)? message size|"
        r"line too long|5\.3\.4|message length exceeds",
        codes="5.2.3 5.3.4",
    ),
    _meaning(
        "Sender authentication (SPF, DKIM or DMARC) failed at the recipient.",
        r"\bspf\b|\bdkim\b|\bdmarc\b|sender ?id|unauthenticated (?:mail|e-?mail|sender)|not (?:pass|"
        r"passing) authentication|authentication checks|sender policy framework",
        codes="5.7.26 5.7.509 5.7.515 5.7.20 5.7.21 5.7.22 5.7.23 5.7.24",
    ),
    _meaning(
        "The recipient's server wants a valid reverse DNS name of the sending server.",
        r"reverse (?:dns|mapping|lookup|hostname)|\bptr\b|client host rejected: cannot find your|"
        r"cannot find your (?:reverse )?hostname|rdns",
        codes="5.7.25",
    ),
    _meaning(
        "The recipient's server refuses the sending server or its reputation.",
        r"block(?:ed)? ?list|black ?list|\brbl\b|spamhaus|spamcop|barracudacentral|dnsbl|sorbs|blocked (?:by|"
        r"using|for|due)|poor reputation|reputation|\b(?:ip|host|client|server)\S* (?:address )?(?:is |"
        r"has been |was )?(?:blocked|banned|denied|rejected)|"
        r"bad helo|helo command rejected|invalid (?:helo|ehlo)|too many (?:bad|invalid|spam)|your (?:ip|host|"
        r"server|network)\b.*(?:block|ban|reject)|"
        r"part of their network|temporarily deferred|access denied.*(?:ip|banned)|"
        r"mail from \d+\.\d+\.\d+\.\d+|wrote too many|not accepting (?:mail|connections?) from|"
        r"service (?:unavailable|refused).*(?:client|host)|unusual rate|connection refused.*(?:blocked)|"
        r"too many hosts|no ptr",
        codes="",
    ),
    _meaning(
        "The recipient's server took the message for spam.",
        r"\bspam\b(?!cop)|junk ?mail|unsolicited|bulk e?-?mail|spam(?:my|assassin|-like)|"
        r"high.probability.of.spam|looks like spam|content (?:was )?(?:rejected|filtered)|"
        r"message (?:was )?(?:rejected|blocked) (?:by|due to) (?:content|filter)|identified as spam|"
        r"considered (?:as )?spam",
    ),
    _meaning(
        "The recipient's server refused the message for security reasons.",
        r"virus|malware|phish|relay(?:ing)? (?:access )?(?:denied|not (?:permitted|allowed)|prohibited)|"
        r"(?:not permitted|unable) to\s+(?:\S+ )?relay|turn on smtp auth|smtp auth|"
        r"authentication (?:is )?required|requires? (?:smtp )?auth|must issue a starttls|"
        r"encryption (?:needed|required)|starttls|certificate|executable (?:file|attachment)|attachment type|"
        r"banned (?:file|content)|dangerous",
        codes="5.7.8",
    ),
    _meaning(
        "The recipient's server refused our address as sender.",
        r"sender (?:address |domain |email )?(?:was )?(?:rejected|denied|invalid|refused|verify|not exist|"
        r"unknown|is not|does not)|(?:invalid|unknown|bad|unresolvable|forged) (?:sender|return.path|"
        r"envelope.sender)|domain of sender|"
        r"from:?\s+domain is invalid|valid from|fix reverse|mail from.*(?:rejected|denied|not allowed|invalid)|"
        r"sender.{0,40}(?:not authorized|not allowed)|(?:you|sender) .{0,30}(?:not|n't) (?:be )?(?:allowed|"
        r"permitted|authorized) to (?:send|post)|permission to post|your (?:e-?mail )?address (?:is |"
        r"has been )?rejected|access denied",
        codes="5.1.8 5.1.7",
    ),
    _meaning(
        "The mailbox is disabled or suspended.",
        r"(?:account|mailbox|user|address|recipient|domain)[^.\n]{0,60}(?:is |has been |was |"
        r"are )(?:currently |temporarily |permanently |administratively )?(?:disabled|suspended|deactivated|"
        r"inactive|locked|expired|frozen|closed|restricted|terminated)|"
        r"(?:disabled|inactive|suspended|locked|deactivated|expired|dormant) (?:account|mailbox|user|"
        r"recipient|e-?mail|address)|account (?:that you tried to reach )?(?:is )?(?:disabled|inactive|"
        r"suspended)|mailbox (?:unavailable or )?(?:currently )?suspended|"
        r"not active|discontinued|overdue|invalid/inactive user|boite du destinataire archivee|user suspended|"
        r"the user\(s\) account is",
        codes="5.2.1",
    ),
    _meaning(
        "There is no such mailbox.",
        r"user (?:is )?(?:unknown|not (?:found|known|exist|listed|here))|unknown (?:user|recipient|address|"
        r"mailbox|local|or illegal|account|to address|in virtual)|"
        r"(?:no|not a|isn't a|invalid) (?:such|valid|known|existing)? ?(?:user|recipient|mailbox|address|"
        r"account|person|local|mail drop)\b(?! limit)|no such|"
        r"(?:user|mailbox|account|recipient|address|adresse|alias|name)[^.\n]{0,80}(?:does(?:n't| not) exist|"
        r"do not exist|not (?:be )?(?:found|exist|known|listed|recogni[sz]ed|valid)|unknown|n'existe|"
        r"could not be found|was not found|is invalid|doesn't have an?)|"
        r"(?:does(?:n't| not) have|has no) an?\s\S*\s?(?:account|mailbox)|doesn't have a \S+ account|"
        r"not (?:our|a) (?:customer|valid mailbox|valid user)|not listed in|"
        r"recipient (?:address )?(?:not found|unknown)|recipnotfound|"
        r"(?:address|mailbox|recipient|user)\b.{0,40}(?:unavailable|undeliverable)|there is no one|"
        r"nobody (?:here )?by that|bad destination (?:mailbox )?address|(?:invalid|illegal|unroutable|"
        r"undeliverable) (?:address|recipient|mailbox|alias|destination)|"
        r"mailbox not found|unrouteable address|no mailbox (?:here|by)|unable to find|address (?:you|"
        r"is) .{0,30}(?:incorrect|wrong)|check if address is correct|"
        r"adresse d au moins un destinataire invalide|"
        r"name is not recognized|benutzer unbekannt|usuario desconocido|destinatario (?:desconocido|"
        r"sconosciuto)|האשראי לא|אין תיבה כזו|הנמען אינו קיים|משתמש לא קיים|5\.1\.10.{0,40}recipient",
        nobody_there=True,
        codes="5.1.1 5.1.0 5.1.3 5.1.10 4.1.1",
    ),
    _meaning(
        "There is no such domain.",
        r"(?:host|domain|hostname|name|node|server)(?: name)?(?: \S+)?(?: was| is|:)? (?:not found|unknown|"
        r"not exist|does not exist|couldn't be found|could not be found|lookup failure|cannot be resolved|"
        r"not resolvable)|(?:unknown|no such|bad|invalid|illegal|unresolvable) (?:host|domain|mail ?host|"
        r"server)|"
        r"nxdomain|name (?:service|server) error|dns (?:lookup )?(?:failure|failed|error|server returned)|"
        r"no (?:mx|a) (?:or a )?record|host or domain name not found|non-?existent (?:host|domain)|"
        r"domain (?:does not exist|is not|isn't)|can(?:'|no)t find (?:any|the)? ?(?:host|mail|mx)|"
        r"all relevant mx records point to non-existent|no route to (?:mail ?host|domain)|illegal host/domain|"
        r"unrouteable mail domain|recipient domain|responsible server|couldn't find any host|"
        r"server for the domain .{0,80}could not be found",
        nobody_there=True,
        codes="5.1.2 5.4.4",
    ),
    _meaning(
        "The message waited too long and was given up.",
        r"(?:message|mail|delivery|retry) (?:time ?out|timed out|expired|timeout)|too long|"
        r"retry (?:time(?:out)?|limit) (?:not reached|exceeded)|giving up|could not deliver for the last|"
        r"been in the queue|delivery (?:time )?expired|queue (?:time )?(?:expired|too)|"
        r"for (?:more than )?\d+ (?:hours|days|minutes|seconds)|"
        r"(?:connection|connect|operation|session|conversation).{0,40}time[d ]*out|(?:not|un)reachable|"
        r"retr(?:y|ied) for|still being retried|delivery (?:is |has been )?delayed",
        codes="4.4.7 5.4.7 4.4.1 4.4.2",
    ),
    _meaning(
        "The network or a mail server on the way failed.",
        r"connection (?:refused|reset|lost|closed|dropped)|network (?:is )?unreachable|no route to host|"
        r"(?:mail|routing) loop|hop count|too many hops|unable to (?:connect|establish)|(?:wasn't|"
        r"not) able to establish|could not connect|tls (?:is|handshake)|lost connection|broken pipe|"
        r"host (?:is )?down",
        codes="4.4.3 5.4.6 4.4.6",
    ),
    _meaning(
        "The recipient's server accepts only so many messages or connections.",
        r"too many (?:connections|messages|recipients|sessions|concurrent|smtp|mails)|rate limit|throttl|"
        r"connection (?:rate|frequency) limit|frequency limit|sending (?:too|limit)|(?:greylist|graylist)|"
        r"try (?:again )?later|concurrent",
        codes="4.7.28 4.7.0",
    ),
    _meaning(
        "The recipient's server refused the message by its own rules.",
        r"policy|prohibited|not (?:allowed|permitted|accepted|authorized)|denied|filter|refused|reject|"
        r"forbidden|delivery not authorized|restricted|violat|header|content|message (?:not|un)accepted|"
        r"administratively|unacceptable|not compliant|rfc ?\d+",
        codes="5.7.1 5.7.0 5.7.9 5.2.0",
    ),
    _meaning(
        "The recipient's mail system had an error.",
        r"system error|local (?:error|configuration)|internal (?:server )?error|mailer error|command (?:died|"
        r"output)|can't create|configuration error|service unavailable|"
        r"resources? (?:temporarily )?unavailable|i/o error|exit(?:ed)? (?:status|with)|temporary failure|"
        r"local problem|not available",
        codes="5.3.0 5.3.5 4.3.0 4.3.2",
    ),
)
UNKNOWN = Meaning(sentence="The message could not be delivered.", words=re.compile("(?!)"))


def meaning_of(text: str, dsn: str | None) -> Meaning:
    """Say what a failure means: by its words, else by its enhanced status code (RFC 3463)."""
    flat = re.sub(r"\s+", " ", text)[:4000]
    by_words = next((meaning for meaning in MEANINGS if meaning.words.search(flat)), None)
    by_code = next((meaning for meaning in MEANINGS if dsn in meaning.codes), None)
    return by_words or by_code or UNKNOWN


def codes_in(text: str) -> tuple[str | None, str | None]:
    """Find the enhanced status code (RFC 3463) and the SMTP reply code in a diagnostic; failures only."""
    enhanced = [code for code in ENHANCED.findall(text) if not code.startswith("2.")]
    specific = [code for code in enhanced if not code.endswith(".0.0")]
    replies = REPLY.findall(text)
    return (specific or enhanced or [None])[0], replies[0] if replies else None


def status_code(stated: str | None, diagnostic: str, *, is_temporary: bool) -> str:
    """Settle on one enhanced status code: the stated one, unless it says nothing and the diagnostic says more.

    Without any, the class alone (5.0.0 or 4.0.0), which is all that is known.
    """
    found, reply = codes_in(diagnostic)
    says_little = stated is None or stated.endswith((".0.0", ".4.7"))
    if stated and not (says_little and found):
        return stated
    if found:
        return found
    if stated:
        return stated
    is_soft = reply.startswith("4") if reply else is_temporary
    return "4.0.0" if is_soft else "5.0.0"
