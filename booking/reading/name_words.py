"""Words that tell a name from what else people write where a name is asked for."""

from __future__ import annotations

# Where a name ends, or what it cannot be.
FUNCTION_WORDS = frozenset(
    "a about after all also am an and any are as asking at available back because before being "
    "but by can cannot can't could currently did do does done don't else ever every feeling fine "
    "for free from get getting glad going good got great had happy has have having he hello here "
    "hi hoping how i i'd i'll i'm i've if in interested into is isn't it it's its just keen late "
    "like looking maybe me more my need new next no not now of off ok okay on only or our out "
    "over please pretty quite ready really sad she so some sorry still sure tell thanks that "
    "that's the their there they thinking this to today tomorrow tonight too trying unable under "
    "until unsure up urgent very waiting want wanting was we what when where which who why will "
    "wish with would yes yesterday yet you your years instead actually anytime later".split()
)
# Said of oneself to a clinic far more often than as a name.
DESCRIPTIONS = frozenset(
    "worried nervous scared anxious afraid concerned curious confused embarrassed pregnant "
    "breastfeeding nursing allergic diabetic sensitive prone pale dark fair oily dry itchy red "
    "sore tired sick ill old young male female black white asian hispanic latina indian african "
    "mixed trans single married busy broke desperate unhappy upset bleeding swollen bored lost "
    "stuck flexible open easy useless ridiculous annoying stupid".split()
)
STOPS = FUNCTION_WORDS | DESCRIPTIONS
# What people write where a name is asked for, and no name: only "Melody Book" is one all the same.
TALK = STOPS | frozenset(
    "change replace update swap use edit fix k y n u r ur idk dunno yep yeah yea nope nah none "
    "nothing nobody someone somebody anyone everyone skip whatever whoever anonymous name names "
    "thank thx ty cheers stop cancel help hey hiya bye goodbye brb rather prefer lol lmao omg wtf "
    "hmm hm um uh er wait hang hold moment sec second minute let lemme think guess ask asked "
    "answer question questions know knows knew told say said says see mean means dont doesnt "
    "didnt isnt wont cant im ive whats thats hows whos theres youre were be been should shouldn't "
    "might must may could've book booking booked appointment consultation consult visit come "
    "coming call email phone number contact mail address message human person robot bot agent "
    "operator reception catch joke ignore previous instructions prompt system admin password "
    "first last same already again never mind forget business necessary required something "
    "anything everything nevermind private personal confidential secret unknown undecided n/a na "
    "tbd tbc microneedling needling needles derma dermaroller treatment treatments session "
    "sessions skin face scar scars scarring acne wrinkle wrinkles pores pigmentation melasma "
    "rosacea redness swelling downtime pain hurt hurts price prices cost costs results recovery "
    "healing aftercare benefits safe safety risk risks side effects hours parking location "
    "opening friday weekend week month morning afternoon evening noon o'clock pm better best "
    "works work much many long often soon how's which's right wrong yours mine ours hola bonjour "
    "salut ciao hallo danke merci gracias quiero cita si oui ja nein buenos dias por favor ich je "
    "yo mi una der das ist oops huh depends myself himself herself guest customer patient user "
    "visitor english spanish french german xx xxx short chat except apart correct perfect down "
    "january february july september october november december monday tuesday wednesday thursday "
    "saturday send confirm agree resume continue reason topic ugh argh meh ew wow yay gosh damn "
    "phew aha typo dob born aged age tel".split()
)
TITLES = frozenset("mr mrs ms miss mx dr prof sir madam".split())
# Some of these are names as well: said alone, and with a capital but for the first two.
NAMES_TOO = frozenset("will may young white black price long don rich".split())
PLAIN_NAMES_TOO = frozenset(("will", "may"))
# What may go on behind a name in the same breath, and what may do so behind a capital only.
GOES_ON = frozenset("not but with like aka who from".split())
GOES_ON_FROM_CAPITAL = frozenset("and or as the from for in on at is was because since".split())
# What is part of a name though it has no capital.
PARTICLES = frozenset(
    "al ap bin bint da das de del della den der di dos du e el ibn la las le lo los san st ten ter "
    "van von y zu zur 't b. o' &".split()
)
