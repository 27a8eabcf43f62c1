"""Words that say nothing about a meeting's subject: function words, fillers, courtesies."""

_WORDS = """
a about above actually after again all almost along already alright also although always am an and another any
anybody anyone anything anyway are around as at away back basically be because been before being below between
both but by can cannot could course did do does doing done down during each either else enough even ever every
everybody everyone everything exactly far few first for from further get gets getting give go goes going gone got
guess had has have having he hello her here hers herself hey hi him himself his hm how however i if in indeed into
is it its itself just kind know last least less let like little look lot made make makes many may maybe me mean
might mine more most much must my myself need needs neither never next no nobody none nor not nothing now of off
often oh ok okay on once one only onto or other others our ours ourselves out over own people perhaps please point
possible possibly pretty probably quite rather really right said same say says see seem seems shall she should
since so some somebody someone something sometimes somewhere soon sort still such sure take than that the their
theirs them themselves then there therefore these they thing things think this those though through to together
too toward towards true two uh um under until up upon us use used very want wants was way we well went were what
whatever when where whether which while who whole whom whose why will with within without would yeah yep yes yet
you your yours yourself
bye coming fine glad good goodbye great hear idea late meeting morning nice problem sorry sounds speak started
talk talking thank thanks today try tell told welcome word words work works
ain't aren't can't couldn't didn't doesn't don't hadn't hasn't haven't isn't shouldn't wasn't weren't won't
wouldn't
"""

STOP_WORDS = frozenset(_WORDS.split())
