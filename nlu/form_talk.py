"""What a message says while a form waits for an answer, told by its words alone.

These are ways of saying a thing that hardly vary; for the rest there is the classifier.
"""

from __future__ import annotations

import re
from typing import Pattern, Text

from nlu.clauses import asks


def _compile(*patterns: Text) -> Pattern[Text]:
    return re.compile("|".join(patterns), re.IGNORECASE)


def _only(words: Text) -> Pattern[Text]:
    """Matches what consists of these words alone."""
    return _compile(rf"\W*(?:(?:{words})\b\W*)+")


DETAIL = (
    r"(?:(?:full |first |last |real )?name|ref(?:erence)?(?: number| code)?|surname|e-?mails?|mail"
    r"|phone|mobile|cell|number|address|details?|data|info(?:rmation)?|contact(?: details)?)"
)
TOPIC = r"(?:topic|concern|reason|time|day|date|slot)"
THING = rf"(?:that|this|it|those|all (?:that|this)|(?:my|a|the|an|any) (?:\w+ )?{DETAIL})"
# Words around what is said, which say nothing themselves.
FILLERS = (
    r"hi|hiya|hello|hey|ok|okay|k|so|well|oh|ah|um+|uh+|er+|hm+|and|also|but|then|thanks|thank you"
    r"|thx|please|pls|sorry|wait|just|cool|great|nice|perfect|right|all ?right|yes|yeah|yep|sure"
    r"|no|nope|first|actually|btw|by the way|(?:a |one |another |quick )*question|(?:i was "
    r"|just )?wondering|before that|you know|lol|haha|anyway|now|too"
)
LEAD = rf"^\W*(?:(?:{FILLERS})\b\W*)*"
ONLY_FILLERS = _compile(rf"\W*(?:(?:{FILLERS})\b\W*)*")

WHY_NEEDED = _compile(
    r"\bwhy\b.{0,30}\b(?:need|want|require|ask(?:ing)?(?: for)?|collect|store|keep|give"
    r"|tell(?: you)?"
    rf"|say|share|know|matters?)(?: you)?(?: to know)?(?: {THING})?\W*$",
    r"\bwhy (?:do|would|should) (?:you|u|i) (?:need|want|have) to (?:know|ask|say|tell|give"
    r"|share)\b",
    r"\bwhat (?:do|are|will|would) (?:you|u|they) (?:need|want|do|doing|going to do|use|using) "
    rf"(?:with )?{THING}(?: for)?\W*$",
    rf"\bwhat(?:'?s| is) {THING} (?:used |needed )?for\W*$|\bwhat (?:happens|will happen) (?:with"
    rf"|to) {THING}",
    r"\bwho (?:wants|needs) to know|\bwho(?:'?s| is) asking",
    rf"\bhow long (?:do|will|are) (?:you|u|they) (?:keep|store|hold)(?:ing)? {THING}",
    r"\bwhat (?:exactly )?(?:do|will) (?:you|u|they) (?:store|save|keep|collect|share)\b",
    rf"\bwho (?:(?:will|can) )?(?:sees?|gets?|reads?|has(?: access to)?) {THING}",
    rf"{LEAD}do i (?:really )?(?:have to|need to)(?: (?:say|tell|give|answer"
    rf"|share)(?: you)?(?: {THING})?)?\W*$",
    rf"{LEAD}is (?:that|this|it) (?:really |even )?(?:necessary|needed|required|mandatory)\W*$",
    # said instead of the detail
    r"\b(?:none of|mind) (?:your|ur) (?:own )?(?:business|concern)\b",
    r"\b(?:not|rather not|won'?t|don'?t (?:want to|wanna)|prefer not to|not (?:going to|gonna)"
    r"|refuse to) "
    rf"(?:be )?(?:tell(?:ing)?|say(?:ing)?|giv(?:e|ing)|shar(?:e|ing))(?: (?:you"
    rf"|u))?(?: {THING})?\W*$",
)
WHY = _compile(
    rf"{LEAD}(?:why|what for|how come|for what|what(?:'?s| is) (?:that|this|it) for)"
    r"(?: (?:tho|though|that|this|so))?\W*$"
)
RATHER_NOT = _compile(r"\W*i(?:'?d| would) rather not\W*")
THOUGHT = r"hm+|um+|uh+|er+m?|ah+|well|ok|okay|oh|so|wait|sorry|just"
HESITATES = _compile(
    rf"\W*(?:(?:{THOUGHT})\b\W*)*(?:(?:let me|lemme|i need to|i have to|gotta) (?:think|see|check"
    rf"|look)\b.*"
    r"|(?:gimme |give me |wait |hold on |in )?(?:one|an?|1) (?:sec|second|moment|mo|min"
    r"|minute)s?\b.*|(?:hang|hold) on\b.{0,25}|thinking|brb|sec|bear with me)\W*",
    r"\W*(?:(?:hm+|um+|uh+|er+m?|wait)\b\W*)+",
)
# Back to what was left open: "ok, go on", "carry on where we were".
GOES_ON = _compile(
    rf"{LEAD}(?:(?:let'?s|can we|could we|can you|i(?:'d| would) like to|i want to|we can|you can"
    r"|shall we) )?(?:go on|carry on|continue|keep going|go ahead|resume|proceed)"
    r"(?: (?:with|from|where)\b.{0,40})?(?: (?:please|pls|then|now))*\W*$"
)
# What "what shall I change?" is answered with.
NAMES_FIELD = _compile(rf"{LEAD}(?:(?:the|my) )?(?:{DETAIL}|{TOPIC})(?: (?:please|pls))?\W*$")
THANKS = _compile(r"\b(?:thx+|thanks?|thnx|tysm|ty|thank (?:you|u)|cheers|lifesaver)\b")
ONLY_THANKS = _only(
    rf"{FILLERS}|thx+|thanks?|thnx|tysm|ty|thank u|cheers|lifesaver|appreciated?|you|your|u|ur|are"
    rf"|is|it|that"
    r"|this|an?|the|for|very|so|much|all|really|lots|lot|of|help|helping|time|info|best|star|angel"
    r"|legend|amazing|kind|helpful|awesome|million|bunch|again|i|bye"
)
IS_THERE = _compile(
    rf"{LEAD}(?:(?:(?:is |are )?(?:you|u|any(?:one|body)|some(?:one|body))(?: still| even)?"
    rf"|still) there"
    r"|can (?:you|u) (?:hear|read|see) me)\W*$"
)
WENT_THROUGH = _compile(
    rf"{LEAD}(?:did|has|is|was|have) (?:that|it|this|my \w+|you|u)(?: all| been| already)? "
    r"(?:go|gone|went|get|got|sent|send|work|worked|booked|confirmed|done|stored|saved|received?"
    r"|arrived?)\b(?: (?:through|sent|that|it|this|my \w+|all))*\W*$"
)
CALL_ME = _compile(
    r"\b(?:call|ring|phone) (?:me|us)\b|\bgive me a (?:call|ring|bell)\b|\bcall\s?back\b"
)
SOMEONE = _compile(
    r"\b(?:some\s?(?:one|body)|any\s?(?:one|body)|a (?:person|human|nurse|doctor))\b"
)
CHANNEL = _only(
    rf"{FILLERS}|e-?mail|mail|phone|mobile|cell|text|call|whatsapp|either|both|by|is|fine|better"
    rf"|best"
)
NO_CONTACT = _compile(
    r"\b(?:no|don'?t (?:have|do|use|own)|haven'?t got|without)(?: an?y?)? (?:e-?mail|mail|phone"
    r"|mobile|cell|number)s?\b"
)
# What is said of a consultation that was requested before.
VISIT = r"(?:appoint?ments?|app?ts?|bookings?|consult\w*|visits?|slots?|reservations?|requests?)"
CHANGING = (
    r"(?:cancel\w*|cancle|mov(?:e|ing)|re-?schedul\w+|postpon\w+|push(?: back)?|chang(?:e|ing)"
    r"|swap|shift|bring(?: forward)?|delay|re-?arrang\w+|re-?book|call off)"
)
CHANGES_A_VISIT = _compile(
    rf"\b{CHANGING}(?: (?:my|the|our|an?|this|that))?(?: \w+){{0,2}}? {VISIT}\b"
)
# The same, in short, by somebody whose request is known.
CHANGES_IT = _compile(
    rf"\b{CHANGING} (?:it|that|this|me|to)\b|\bmake it\b|\bnot (?:coming|going to make it)\b",
    r"\b(?:can'?t|cannot|won'?t|unable to|not able to) (?:\w+ )?(?:come|make it|attend|do it)\b",
    r"\bcome (?:in )?(?:an? \w+ )?(?:earlier|later|sooner)\b",
    r"\b(?:hours?|minutes?|days?|weeks?) (?:earlier|later)\b",
    r"\bstatus\b|\bstill on\b|\bconfirmed\b|\bis it (?:moved|changed|cancel+ed|booked)\b",
)
BOOKS_ANOTHER = _compile(
    rf"\b(?:another|second|new|separate|extra|different) (?:\w+ )?{VISIT}\b|\bbook (?:in )?again\b"
)
# As they are given out; where one is typed without its beginning, it has a digit in it.
REFERENCE = _compile(r"\bn\s?p[\s.:#_-]*[34679ac-hjkmnp-rtwxy]{6}\b")
BARE_REFERENCE = _compile(r"\b(?=[a-z]*\d)(?=\d*[a-z])[34679ac-hjkmnp-rtwxy]{6}\b")
CONTACT = _compile(r"\S@|@\s*\w+\.\w|(?:\d[\s().-]*){6,}")
SPOKEN_EMAIL = _compile(r"\bat\b.+\bdot\b|\bdot\b.+\bat\b")

WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|weds|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?s?"
MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december|jan"
    r"|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
)
HOUR = r"(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
TIME = _compile(
    rf"\b{WEEKDAY}\b|\b{MONTH} \d+\w*|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {MONTH}\b",
    rf"\b(?:in|early|late|mid|during) {MONTH}\b|\b\d{{1,2}}(?:st|nd|rd|th)\b"
    rf"|\b\d{{1,2}}[/.]\d{{1,2}}\b",
    r"\b(?:today|tonight|tom+or+ow|tomorow|tmrw|tmr|2moro|weekends?|weekdays?|fortnight|midday"
    r"|noon|mornings?|afternoons?|evenings?|lunch\s?time|asap|soonest|earliest|any\s?time|any day"
    r"|whenever|christmas|easter)\b",
    r"\b(?:next|this|coming|following|in an?|in \w+|after|end of the|another|a different) (?:few "
    r"|couple of )?(?:days?|weeks?|months?)\b",
    r"\b\d{1,2}(?:[:.]\d\d)?\s?(?:am|pm|h|ish|o'?clock)\b|\b\d{1,2}:\d\d\b",
    rf"\b(?:at|after|before|until|around|by|half|past|quarter (?:to|past)"
    rf"|make it) {HOUR}\b(?!\s?[%\w])",
)
CLOCK = _compile(
    r"\b\d{1,2}\s*(?:am|pm|o'?clock)\b|\d:\d\d|\bat (?:\d|noon)|\b(?:noon|midday|morning"
    r"|afternoon)\b"
)
OPENING_HOURS = _compile(r"\b(?:open|opening|opens|close|closes|closed|closing|hours)\b")
# A wish for a consultation, but not "do i need an appointment".
ASKS_WHETHER = _compile(r"\b(?:do|must|should) i\b")
BOOKS = _compile(
    r"\b(?:book me|(?:squeeze|fit|pencil|put|sign) me (?:in|up|down)|(?:need|want|like|get|make"
    r"|have|schedule|request|arrange)(?: an?| the| my)?(?: \w+)? (?:app?o\w{1,3}ments?|app?t"
    r"|consult(?:ation)?|booking)|book (?:an?|under|in|for))\b"
)
# "no, 3": a number where an hour may be meant.
BARE_HOUR = _compile(rf"{LEAD}(?:say |maybe |at )?\d{{1,2}}(?: (?:please|pls|then|instead))*\W*$")
AROUND_TIME = _only(
    rf"{FILLERS}|not|maybe|perhaps|on|at|for|in|the|of|or|this|next|coming|any|what about"
    rf"|how about|say"
    r"|instead|around|about|after|before|early|late|all|day|week|month|only|best|better|good"
    r"|works?(?: for me)?|fine|possible|is|are|was|would|be|can|could|do|we|i|it|a|couple|few|free"
    r"|have|then"
)
# Ways to take up or turn down times that are on offer, or to ask for some.
CHOICE = _compile(
    r"\b(?:first|second|third|last|latest|middle|1st|2nd|3rd|option|earlier|later|sooner|others?"
    r"|else|none|neither|those|these|one|slots?|times?|openings?|available|availability|free"
    r"|got)\b"
)
OTHER_TIME = _compile(
    r"\W*(?:\w+\W+){0,4}(?:earlier|later|sooner)\b(?:\W*\b(?:please|pls|in|the|day|on|time|than"
    r"|that|slot|one|if|possible|would|be|better|good|works)\b)*\W*",
    r"\b(?:other|another|different|more) (?:times?|days?|dates?|slots?)\b|\bnot that (?:day|time"
    r"|date)\b",
)
CHANGES = _compile(
    r"\b(?:change|correct|fix|update|edit|replace|swap|alter|modify|amend|switch|remove|move"
    r"|push) (?:it|that|my|the|to)\b"
    rf"|\bwrong (?:{DETAIL}|{TOPIC}|one)\b|\b(?:typo|mis-?spel\w+)\b",
    rf"\b(?:my|the|your) (?:\w+ )?(?:{DETAIL}|{TOPIC})(?:'s| is| was| should| needs)\b",
    rf"^\W*(?:{DETAIL}|{TOPIC})(?:'s|\s*:| is| was| should| needs)",
    r"\b(?:i mean(?:t)?|oops|correction|instead|should (?:be|say)|spel(?:t|led)|make (?:it"
    r"|that))\b",
    r"\b(?:except|apart from|(?:everything|all) but)\b",
)
# "jon not john", "thursday not wednesday"; not "it's not bad"
NOT_THIS = _compile(
    rf"{LEAD}(?:(?:it'?s|it is|i'?m|i am|that'?s|make (?:it|that)|my name(?:'s| is))\b\W*)?"
    r"(?!(?:i|it|is|am|are|do|does|of|why|probably|maybe|really|definitely|that"
    r"|you)\b)[^\W_][\w' .-]{0,40}?,? not (?!(?:sure|really|yet|now|today|at all|bad|telling"
    r"|interested|too|so|very|going|to|that|much|for me|good|well)\b)[\w' .-]{1,40}\W*$"
)
YES = _only(
    r"ok|okay|k|yes|yep|yeah|yea|yup|y|sure|fine|agreed?|i agree|i consent|correct|perfect|great"
    r"|good|please|pls|thanks|thank you|all good|looks good|sounds good|that'?s (?:right|fine"
    r"|correct)|send it|go ahead|of course|definitely|absolutely|and|btw|by the way|also|oh|just"
    r"|one question|quick question|cool|hell|heck|so much|very much|submit|confirm(?:ed)?|send"
    r"|(?:book|do) it|please do|that'?s me|i? ?accept|i do|go(?: for it)?|no (?:problem|worries"
    r"|prob)|not a problem|that|it|is|time|works|for|me|see|you|u|then|there|soon|the|your|quick"
    r"|help|again|all"
)
AGREES = _compile(
    r"\b(?:yes|yep|yeah|yea|yup|y|sure|fine|agreed?|correct|send(?: it)?|go ahead|definitely"
    r"|perfect|(?:all|looks|sounds) good|submit|confirm(?:ed)?|(?:book|do) it|accept|i do|go"
    r"|no (?:problem|worries|prob)|not a problem)\b"
)
# "yes, see you tuesday" changes nothing.
SEE_YOU = _compile(r"\bsee (?:you|u|ya)\b|\bi'?ll be there\b|\blooking forward\b")
YES_OR_NO_AT_FIRST = _compile(
    r"\W*(?:(?:ok|okay|yes|yep|yeah|yup|y|sure|fine|perfect|great|all good|looks good|correct|no"
    r"|nope|nah|almost|not quite)\b\W*)+"
)
PERSONAL = _compile(r"\b(?:i|i'?m|you|he|she|they|it|is|was|are|had|have|my)\b")
INTRODUCES = _compile(
    r"\b(?:my (?:\w+ )?name|name(?:'s| is|:)|calls? me|i'?m|i am|this is|its?'?s? for|for my|under"
    r"|surname)\b"
)
OF_ONESELF = _compile(rf"{LEAD}(?:i'?m|i am|i have|i'?ve|i take|i took|i had|i get|i got|on)\b")
UNDECIDED = _compile(
    r"\b(?:not (?:really |quite |entirely |totally |so |too )?(?:sure|certain)|unsure|undecided"
    r"|dunno|do(?:n'?t| not) (?:really )?know|no (?:idea|clue)|haven'?t decided|idk)\b"
)
CURIOUS = _only(r"i'?m|just|only|was|curious|wondering|looking|browsing|around")
SURNAME = _compile(r"\b(?:last|family) ?name\b|\bsurname\b")
FAREWELL = _compile(
    r"\W*(?:(?:ok|okay|alright|right|well|thanks)\W+)*(?:(?:good\s?)?bye(?:\W+(?:bye|now"
    r"|for now))*|see (?:you|ya)(?: later)?|cya|ttyl)\W*"
)
CANCELLING = _compile(r"\b(?:cancel|call (?:it|this) off|scrap|drop|delete)\b")
# A name may start like a question: "Will Young", "May Lee", "Do Kim".
ASKS_BY_NAME = _compile(
    rf"\?|{LEAD}(?:wh?ats?|what'?s|how|why|when|where|who(?:'?s)?|which|whose|isn'?t|don'?t"
    rf"|doesn'?t"
    r"|tell me|explain)\b",
    r"\b(?:is|are|am|do|does|did|can|could|will|would|should|has|have|may|might) (?:i|it|you|u|we"
    r"|they|this|that|there|my(?! name)|the(?! name))\b",
)


def is_time_alone(text: Text) -> bool:
    """Whether a message says when, and nothing else: "saturday?", "3pm works"."""
    rest, found = TIME.subn(" ", text)
    return bool(BARE_HOUR.search(text)) or (
        found > 0 and bool(not rest.strip(" ?!.,") or AROUND_TIME.fullmatch(rest))
    )


def says_time(text: Text) -> bool:
    return bool(TIME.search(text) or BARE_HOUR.search(text))


def says_reference(text: Text) -> bool:
    return bool(REFERENCE.search(text) or BARE_REFERENCE.search(text))


def agrees(text: Text) -> bool:
    """Whether a message says yes and nothing else: "perfect thanks", "yes that time is good"."""
    return bool(YES.fullmatch(text) and AGREES.search(text)) and not asks(text)


def says_contact(text: Text) -> bool:
    return bool(CONTACT.search(text) or SPOKEN_EMAIL.search(text))


def takes_back(text: Text) -> bool:
    """Whether a message corrects something said before: "jon not john", "wrong email"."""
    return bool(CHANGES.search(text) or NOT_THIS.search(text))


def is_title(text: Text) -> bool:
    """Whether a text is two to five words with a capital each, as names are: "Ima Person"."""
    words = text.split()
    return 2 <= len(words) <= 5 and all(word[:1].isupper() for word in words)
