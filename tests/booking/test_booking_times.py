"""How people say when they would like to come. Now is Friday, 20 November 2026, 10:00."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.clinic import WEEKDAYS, Clinic, OpeningHours
from booking.reading.wishes import WishReading, read_wish
from booking.windows import Window, Wish

NEW_YORK = ZoneInfo("America/New_York")
# "on" is as far ahead as there are days, hours are those at which a start fits, and "exactly"
# says that one day and one time were asked for.
UNDERSTOOD = [
    ("next tuesday after 3", "Tue 24 Nov, 15:00-23:59"),
    ("any weekday morning", "Fri 20 Nov on (Mon Tue Wed Thu Fri), 05:00-11:59"),
    ("tomorrow 5ish", "Sat 21 Nov, 16:00-18:00, around 17:00"),
    ("the 3rd at noon", "Thu 3 Dec, 12:00 exactly"),
    ("not before the 10th", "Thu 10 Dec on"),
    ("after the 10th", "Fri 11 Dec on"),
    ("this weekend", "Sat 21 Nov to Sun 22 Nov"),
    ("next weekend", "Sat 28 Nov to Sun 29 Nov"),
    ("asap", "Fri 20 Nov on"),
    ("soonest", "Fri 20 Nov on"),
    ("whenever", "Fri 20 Nov on"),
    ("anytime next week", "Mon 23 Nov to Sun 29 Nov"),
    ("first thing monday", "Mon 23 Nov, 00:00-10:30"),
    ("in the morning", "Fri 20 Nov on, 05:00-11:59"),
    ("late afternoon", "Fri 20 Nov on, 15:00-18:00"),
    ("mornings", "Fri 20 Nov on, 05:00-11:59"),
    ("tuesdays or thursdays after 4", "Tue 24 Nov on (Tue Thu), 16:00-23:59"),
    ("mon or wed", "Mon 23 Nov to Wed 25 Nov (Mon Wed)"),
    ("tomorrow or friday", "Sat 21 Nov to Fri 27 Nov (Fri Sat)"),
    ("between the 3rd and the 7th", "Thu 3 Dec to Mon 7 Dec"),
    ("in december", "Tue 1 Dec to Thu 31 Dec"),
    ("end of next week", "Thu 26 Nov to Fri 27 Nov"),
    ("end of the month", "Tue 24 Nov to Mon 30 Nov"),
    ("the week after next", "Mon 30 Nov to Sun 6 Dec"),
    ("a fortnight from now", "Fri 4 Dec"),
    ("wednesday, hour 16", "Wed 25 Nov, 16:00 exactly"),
    ("hour 17", "Fri 20 Nov on, 17:00"),
    ("16h", "Fri 20 Nov on, 16:00"),
    ("coming Thursday, in the late morning", "Thu 26 Nov, 10:00-11:59"),
    ("before 11 on friday", "Fri 27 Nov, 00:00-10:59"),
    ("not tuesday, wednesday", "Wed 25 Nov"),
    ("Thursday not wednesday", "Thu 26 Nov"),
    ("any day but monday", "Fri 20 Nov on (Tue Wed Thu Fri Sat Sun)"),
    ("except fridays", "Sat 21 Nov on (Mon Tue Wed Thu Sat Sun)"),
    ("after work", "Fri 20 Nov on, 17:00-23:59"),
    ("lunchtime", "Fri 20 Nov on, 12:00-14:00"),
    ("evenings", "Fri 20 Nov on, 17:00-22:00"),
    ("3am", "Fri 20 Nov on, 03:00"),
    ("christmas day", "Fri 25 Dec"),
    ("noon", "Fri 20 Nov on, 12:00"),
    ("half 3", "Fri 20 Nov on, 15:30"),
    ("next month", "Tue 1 Dec to Thu 31 Dec"),
    ("in two weeks", "Fri 4 Dec"),
    ("the 1st of next month", "Tue 1 Dec"),
    ("tomorow", "Sat 21 Nov"),
    ("thurs 2.30", "Thu 26 Nov, 14:30 exactly"),
    ("10/12", "Thu 10 Dec"),
    ("monday week", "Mon 30 Nov"),
    ("3-7 december", "Thu 3 Dec to Mon 7 Dec"),
    ("december 3-7", "Thu 3 Dec to Mon 7 Dec"),
    ("3, 4 or 5 december", "Thu 3 Dec to Sat 5 Dec"),
    ("the 3rd or 4th of december", "Thu 3 Dec to Fri 4 Dec"),
    ("the 3rd or the 12th", "Thu 3 Dec to Sat 12 Dec (Thu Sat) without 5 Dec, 10 Dec"),
    ("mon-wed", "Mon 23 Nov to Wed 25 Nov"),
    ("monday to friday", "Mon 23 Nov to Fri 27 Nov"),
    ("weekdays 9-5", "Fri 20 Nov on (Mon Tue Wed Thu Fri), 09:00-16:59"),
    ("between tuesday and thursday", "Tue 24 Nov to Thu 26 Nov"),
    ("i'm away until the 10th", "Thu 10 Dec on"),
    ("tuesday or thursday next week", "Tue 24 Nov to Thu 26 Nov (Tue Thu)"),
    ("next week tuesday or thursday", "Tue 24 Nov to Thu 26 Nov (Tue Thu)"),
    ("not today", "Sat 21 Nov on"),
    ("not this week", "Mon 23 Nov on"),
    ("first friday of december", "Fri 4 Dec"),
    ("before christmas", "Fri 20 Nov to Thu 24 Dec"),
    ("after new year", "Sat 2 Jan 2027 on"),
    ("in the new year", "Fri 1 Jan 2027 to Sun 31 Jan 2027"),
    ("early december", "Tue 1 Dec to Thu 10 Dec"),
    ("friday the 27th at 2pm", "Fri 27 Nov, 14:00 exactly"),
    ("tuesday doesn't work, can you do thursday", "Thu 26 Nov"),
    ("can't do mornings", "Fri 20 Nov on, 12:00-23:59"),
    ("not mornings", "Fri 20 Nov on, 12:00-23:59"),
    ("no mondays", "Fri 20 Nov on (Tue Wed Thu Fri Sat Sun)"),
    ("mondays are bad", "Fri 20 Nov on (Tue Wed Thu Fri Sat Sun)"),
    ("3 or 4pm", "Fri 20 Nov on, 15:00-16:00, around 15:00"),
    ("3pm or 4pm on monday or tuesday", "Mon 23 Nov to Tue 24 Nov, 15:00-16:00, around 15:00"),
    ("between 2 and 4", "Fri 20 Nov on, 14:00-15:59"),
    ("2-4pm tuesday", "Tue 24 Nov, 14:00-15:59"),
    ("10-2pm monday", "Mon 23 Nov, 10:00-13:59"),
    ("from 3pm to 5pm", "Fri 20 Nov on, 15:00-16:59"),
    ("9-10pm", "Fri 20 Nov on, 21:00-21:59"),
    ("after 11 but before 2", "Fri 20 Nov on, 11:00-13:59"),
    ("tonight", "Fri 20 Nov, 17:00-23:59"),
    ("this afternoon", "Fri 20 Nov, 12:00-17:00"),
    ("later today", "Fri 20 Nov"),
    ("later this week", "Sat 21 Nov to Sun 22 Nov"),
    ("midweek", "Tue 24 Nov on (Tue Wed Thu)"),
    ("today at 3", "Fri 20 Nov, 15:00 exactly"),
    ("8", "Fri 20 Nov on, 08:00"),
    ("8 in the evening", "Fri 20 Nov on, 20:00"),
    ("friday evening at 8", "Fri 27 Nov, 20:00 exactly"),
    ("december", "Tue 1 Dec to Thu 31 Dec"),
    ("may", "Sat 1 May 2027 to Mon 31 May 2027"),
    ("in may", "Sat 1 May 2027 to Mon 31 May 2027"),
    ("24 décembre à 14h", "Thu 24 Dec, 14:00 exactly"),
    ("3 декабря 15:00", "Thu 3 Dec, 15:00 exactly"),
    ("mercredi", "Wed 25 Nov"),
    ("what do you have on friday", "Fri 27 Nov"),
    ("what's available", "Fri 20 Nov on"),
    ("i'm flexible", "Fri 20 Nov on"),
    ("sat", "Sat 21 Nov"),
    ("sun 10am", "Sun 22 Nov, 10:00 exactly"),
    ("tues or weds pm", "Tue 24 Nov to Wed 25 Nov, 12:00-23:59"),
    ("tuesday am", "Tue 24 Nov, 05:00-11:59"),
    ("morning or evening", "Fri 20 Nov on, 05:00-11:59"),
    ("change tuesday to thursday", "Thu 26 Nov"),
    ("can we make it 4 instead of 3", "Fri 20 Nov on, 16:00"),
    ("morning would be better than afternoon", "Fri 20 Nov on, 05:00-11:59"),
    ("week of december 7", "Mon 7 Dec to Sun 13 Dec"),
    ("by friday", "Fri 20 Nov to Fri 27 Nov"),
    ("until friday", "Fri 20 Nov to Fri 27 Nov"),
    ("from the 10th", "Thu 10 Dec on"),
    ("the 10th or later", "Thu 10 Dec on"),
    ("tuesday after the 10th", "Tue 15 Dec"),
    ("2026-12-01T15:30", "Tue 1 Dec, 15:30 exactly"),
    ("24.12. at 10", "Thu 24 Dec, 10:00 exactly"),
    ("1/2/27 10am", "Sat 2 Jan 2027, 10:00 exactly"),
    ("mon 1430", "Mon 23 Nov, 14:30 exactly"),
    ("monday quarter to ten", "Mon 23 Nov, 09:45 exactly"),
    ("wednesday ten past 4", "Wed 25 Nov, 16:10 exactly"),
    ("tusday or wensday at 4", "Tue 24 Nov to Wed 25 Nov, 16:00"),
    ("today or tomorrow", "Fri 20 Nov to Sat 21 Nov"),
    ("in a few days", "Sun 22 Nov to Tue 24 Nov"),
    ("within two weeks", "Fri 20 Nov to Fri 4 Dec"),
    ("in the next few days", "Fri 20 Nov to Mon 23 Nov"),
    ("in a week or two", "Fri 27 Nov to Fri 4 Dec"),
    ("3/12", "Fri 12 Mar 2027"),
    ("montag 15 uhr", "Mon 23 Nov, 15:00 exactly"),
    ("martes a las 3", "Tue 24 Nov, 15:00 exactly"),
    ("1er décembre à 11h", "Tue 1 Dec, 11:00 exactly"),
    ("vendredi 15h", "Fri 27 Nov, 15:00 exactly"),
    ("morgen um 10", "Sat 21 Nov, 10:00 exactly"),
    (
        "tuesday at 3 or thursday at 4",
        "Tue 24 Nov to Thu 26 Nov (Tue Thu), 15:00-16:00, around 15:00",
    ),
    ("i have a wedding on saturday, can i come on tuesday", "Tue 24 Nov"),
    ("can i come tuesday? i'm flying out on friday", "Tue 24 Nov"),
    ("tuesday 3pm, i fly on friday", "Tue 24 Nov, 15:00 exactly"),
    ("tuesday or next week", "Mon 23 Nov to Sun 29 Nov"),
    ("tomorrow or next week", "Sat 21 Nov to Sun 29 Nov without 22 Nov"),
    ("next week or the week after", "Mon 23 Nov to Sun 6 Dec"),
    ("5ish", "Fri 20 Nov on, 16:00-18:00, around 17:00"),
    ("3:30ish", "Fri 20 Nov on, 14:30-16:30, around 15:30"),
    ("around 3", "Fri 20 Nov on, 14:00-16:00, around 15:00"),
    ("about half past 3 on monday", "Mon 23 Nov, 14:30-16:30, around 15:30"),
    ("maybe thursday afternoon?", "Thu 26 Nov, 12:00-17:00"),
    ("early next week", "Mon 23 Nov to Tue 24 Nov"),
    ("late next week", "Thu 26 Nov to Fri 27 Nov"),
    ("mid december", "Fri 11 Dec to Sun 20 Dec"),
    ("first week of december", "Tue 1 Dec to Mon 7 Dec"),
    ("last week of november", "Tue 24 Nov to Mon 30 Nov"),
    ("last friday of november", "Fri 27 Nov"),
    ("any friday in december", "Fri 4 Dec to Fri 25 Dec (Fri)"),
    ("a weekday before christmas", "Fri 20 Nov to Thu 24 Dec (Mon Tue Wed Thu Fri)"),
    ("mornings except monday", "Fri 20 Nov on (Tue Wed Thu Fri Sat Sun), 05:00-11:59"),
    ("any morning but monday", "Fri 20 Nov on (Tue Wed Thu Fri Sat Sun), 05:00-11:59"),
    ("weekday mornings before 11", "Fri 20 Nov on (Mon Tue Wed Thu Fri), 05:00-10:59"),
    ("evenings after 6", "Fri 20 Nov on, 18:00-22:00"),
    ("sat or sun", "Sat 21 Nov to Sun 22 Nov"),
    ("sat/sun", "Sat 21 Nov to Sun 22 Nov"),
    ("mon, wed, fri", "Mon 23 Nov to Fri 27 Nov (Mon Wed Fri)"),
    ("mon, wed or fri", "Mon 23 Nov to Fri 27 Nov (Mon Wed Fri)"),
    ("mon/wed/fri mornings", "Fri 20 Nov on (Mon Wed Fri), 05:00-11:59"),
    ("not before 10", "Fri 20 Nov on, 10:00-23:59"),
    ("not before 10am on monday", "Mon 23 Nov, 10:00-23:59"),
    ("not after 4", "Fri 20 Nov on, 00:00-16:00"),
    ("no later than 4pm", "Fri 20 Nov on, 00:00-16:00"),
    ("by 11", "Fri 20 Nov on, 00:00-11:00"),
    ("before noon", "Fri 20 Nov on, 00:00-11:59"),
    ("after lunch", "Fri 20 Nov on, 13:00-23:59"),
    ("after 5", "Fri 20 Nov on, 17:00-23:59"),
    ("after 5pm weekdays", "Fri 20 Nov on (Mon Tue Wed Thu Fri), 17:00-23:59"),
    ("anytime after 3", "Fri 20 Nov on, 15:00-23:59"),
    ("any time on the 21st", "Sat 21 Nov"),
    ("3pm or later", "Fri 20 Nov on, 15:00-23:59"),
    ("5pm onwards", "Fri 20 Nov on, 17:00-23:59"),
    ("10 to 12", "Fri 20 Nov on, 10:00-11:59"),
    ("10-12 on tuesday", "Tue 24 Nov, 10:00-11:59"),
    ("1-3", "Fri 20 Nov on, 13:00-14:59"),
    ("11 to 1", "Fri 20 Nov on, 11:00-12:59"),
    ("9am to 11am", "Fri 20 Nov on, 09:00-10:59"),
    ("ten to four", "Fri 20 Nov on, 15:50"),
    ("20 to 4", "Fri 20 Nov on, 15:40"),
    ("quarter past two", "Fri 20 Nov on, 14:15"),
    ("half past two next wednesday", "Wed 25 Nov, 14:30 exactly"),
    ("3 o'clock", "Fri 20 Nov on, 15:00"),
    ("at 3", "Fri 20 Nov on, 15:00"),
    ("3", "Fri 20 Nov on, 15:00"),
    ("3 please", "Fri 20 Nov on, 15:00"),
    ("three", "Fri 20 Nov on, 15:00"),
    ("after 3", "Fri 20 Nov on, 15:00-23:59"),
    ("15:00", "Fri 20 Nov on, 15:00"),
    ("1500", "Fri 20 Nov on, 15:00"),
    ("0900 monday", "Mon 23 Nov, 09:00 exactly"),
    ("9.30", "Fri 20 Nov on, 09:30"),
    ("2:30 pm", "Fri 20 Nov on, 14:30"),
    ("2.30pm", "Fri 20 Nov on, 14:30"),
    ("330pm monday", "Mon 23 Nov, 15:30 exactly"),
    ("monday 15h30", "Mon 23 Nov, 15:30 exactly"),
    ("mon 9", "Mon 23 Nov, 09:00 exactly"),
    ("3 on monday", "Mon 23 Nov, 15:00 exactly"),
    ("3ish on monday", "Mon 23 Nov, 14:00-16:00, around 15:00"),
    ("friday eve", "Fri 27 Nov, 17:00-22:00"),
    ("sunday evening", "Sun 22 Nov, 17:00-22:00"),
    ("saturday morn", "Sat 21 Nov, 05:00-11:59"),
    ("weekends", "Sat 21 Nov on (Sat Sun)"),
    ("weekend", "Sat 21 Nov to Sun 22 Nov"),
    ("any weekend", "Sat 21 Nov on (Sat Sun)"),
    ("on the weekend", "Sat 21 Nov to Sun 22 Nov"),
    ("the weekend after next", "Sat 5 Dec to Sun 6 Dec"),
    ("next weekday", "Fri 20 Nov on (Mon Tue Wed Thu Fri)"),
    ("every tuesday", "Tue 24 Nov on (Tue)"),
    ("a friday afternoon", "Fri 20 Nov on (Fri), 12:00-17:00"),
    ("one saturday", "Sat 21 Nov on (Sat)"),
    ("friday, 27 november", "Fri 27 Nov"),
    ("27th", "Fri 27 Nov"),
    ("27", "Fri 27 Nov"),
    ("on the tenth", "Thu 10 Dec"),
    ("the twenty-first", "Sat 21 Nov"),
    ("december the third, 2026", "Thu 3 Dec"),
    ("3rd of march at 4", "Wed 3 Mar 2027, 16:00 exactly"),
    ("jan 5", "Tue 5 Jan 2027"),
    ("5 jan", "Tue 5 Jan 2027"),
    ("january", "Fri 1 Jan 2027 to Sun 31 Jan 2027"),
    ("next january", "Fri 1 Jan 2027 to Sun 31 Jan 2027"),
    ("january 2028", "Sat 1 Jan 2028 to Mon 31 Jan 2028"),
    ("march 3rd", "Wed 3 Mar 2027"),
    ("in 3 months", "Sat 20 Feb 2027 to Fri 26 Feb 2027"),
    ("in a month", "Sun 20 Dec to Sat 26 Dec"),
    ("next year", "Fri 1 Jan 2027 to Fri 31 Dec 2027"),
    ("in 2 hours", "Fri 20 Nov, 12:00-13:00, around 12:00"),
    ("now", "Fri 20 Nov on"),
    ("right now", "Fri 20 Nov on"),
    ("soon", "Fri 20 Nov on"),
    ("sometime soon", "Fri 20 Nov on"),
    ("sometime next week", "Mon 23 Nov to Sun 29 Nov"),
    ("whatever you like", "Fri 20 Nov on"),
    ("you choose", "Fri 20 Nov on"),
    ("i don't mind", "Fri 20 Nov on"),
    ("any day is fine", "Fri 20 Nov on"),
    ("any day after 2", "Fri 20 Nov on, 14:00-23:59"),
    ("december 3 2027 at 10", "Fri 3 Dec 2027, 10:00 exactly"),
    ("feb 29 at 10am", "Tue 29 Feb 2028, 10:00 exactly"),
    ("good morning, tuesday at 3 please", "Tue 24 Nov, 15:00 exactly"),
    ("this friday 3pm", "Fri 20 Nov, 15:00 exactly"),
    ("friday 3pm", "Fri 27 Nov, 15:00 exactly"),
    ("next saturday at 11", "Sat 28 Nov, 11:00 exactly"),
    ("tuesday next week 10am", "Tue 24 Nov, 10:00 exactly"),
    ("a week from tuesday at 4", "Tue 1 Dec, 16:00 exactly"),
    ("in 2 weeks at 10", "Fri 4 Dec, 10:00 exactly"),
    ("dec 1st, 3pm", "Tue 1 Dec, 15:00 exactly"),
    ("1 dec 1500", "Tue 1 Dec, 15:00 exactly"),
    ("tuesday 24 november at 2", "Tue 24 Nov, 14:00 exactly"),
    ("monday midnight", "Mon 23 Nov, 00:00 exactly"),
    ("tomorrow morning at 11", "Sat 21 Nov, 11:00 exactly"),
    ("noon on saturday suits me", "Sat 21 Nov, 12:00 exactly"),
    ("the earliest you've got", "Fri 20 Nov on"),
    ("asap on monday", "Mon 23 Nov"),
    ("not tuesday, wednesday at 3", "Wed 25 Nov, 15:00 exactly"),
    ("first thing", "Fri 20 Nov on, 00:00-10:30"),
    ("first thing tomorrow", "Sat 21 Nov, 00:00-10:30"),
    ("end of the day on thursday", "Thu 26 Nov, 16:00-23:59"),
    ("tuesday early", "Tue 24 Nov, 00:00-10:59"),
    ("late on thursday", "Thu 26 Nov, 15:00-23:59"),
    ("between christmas and new year", "Fri 25 Dec to Fri 1 Jan 2027"),
    ("between 28th and 3rd", "Sat 28 Nov to Thu 3 Dec"),
    ("from monday next week", "Mon 23 Nov to Sun 29 Nov"),
    ("from tuesday to thursday next week", "Tue 24 Nov to Thu 26 Nov"),
    ("after next week", "Mon 30 Nov on"),
    (
        "not next week",
        "Fri 20 Nov on without 23 Nov, 24 Nov, 25 Nov, 26 Nov, 27 Nov, 28 Nov, 29 Nov",
    ),
    ("not until january", "Fri 1 Jan 2027 on"),
    ("before the end of the month", "Fri 20 Nov to Mon 30 Nov"),
    ("by the end of next week", "Fri 20 Nov to Fri 27 Nov"),
    ("the day after tomorrow", "Sun 22 Nov"),
    ("2 weeks tomorrow", "Sat 5 Dec"),
    ("two weeks on friday", "Fri 11 Dec"),
    ("thursday in two weeks", "Thu 3 Dec"),
    ("thanksgiving", "Thu 26 Nov"),
    ("xmas eve", "Thu 24 Dec"),
    ("new years day", "Fri 1 Jan 2027"),
    ("on the 3", "Thu 3 Dec"),
    ("end of the year", "Tue 1 Dec to Thu 31 Dec"),
    ("early next year", "Fri 1 Jan 2027 to Wed 31 Mar 2027"),
    ("end of november", "Tue 24 Nov to Mon 30 Nov"),
    ("later this month", "Sat 21 Nov to Mon 30 Nov"),
    ("late november", "Sat 21 Nov to Mon 30 Nov"),
    ("in half an hour", "Fri 20 Nov, 10:30-11:30, around 10:30"),
    ("the week after", "Mon 30 Nov to Sun 6 Dec"),
    ("not the 24th", "Fri 20 Nov on without 24 Nov"),
    ("any day next week but the 24th", "Mon 23 Nov to Sun 29 Nov without 24 Nov"),
    ("next week except tuesday", "Mon 23 Nov to Sun 29 Nov (Mon Wed Thu Fri Sat Sun)"),
    ("tuesday or wednesday but not before 10", "Tue 24 Nov to Wed 25 Nov, 10:00-23:59"),
    ("monday or thursday, late afternoon", "Mon 23 Nov to Thu 26 Nov (Mon Thu), 15:00-18:00"),
    ("weekday evenings", "Fri 20 Nov on (Mon Tue Wed Thu Fri), 17:00-22:00"),
    ("any evening next week", "Mon 23 Nov to Sun 29 Nov, 17:00-22:00"),
    ("saturday morning or sunday afternoon", "Sat 21 Nov, 05:00-11:59"),
    (
        "i can do tuesday or thursday but not before 3",
        "Tue 24 Nov to Thu 26 Nov (Tue Thu), 15:00-23:59",
    ),
    ("i work until 5 on weekdays", "Fri 20 Nov on (Mon Tue Wed Thu Fri), 17:00-23:59"),
    ("i finish work at 5", "Fri 20 Nov on, 17:00-23:59"),
    ("i'm free after 2 on mondays and wednesdays", "Mon 23 Nov on (Mon Wed), 14:00-23:59"),
    ("any weekday between 10 and 2", "Fri 20 Nov on (Mon Tue Wed Thu Fri), 10:00-13:59"),
    ("between 10am and noon tomorrow", "Sat 21 Nov, 10:00-11:59"),
    ("sometime in the afternoon next thursday", "Thu 26 Nov, 12:00-17:00"),
    ("the first monday in january at 9", "Mon 4 Jan 2027, 09:00 exactly"),
    ("could i come in this coming monday around lunchtime?", "Mon 23 Nov, 12:00-14:00"),
    ("how about 4:30 next friday", "Fri 27 Nov, 16:30 exactly"),
    ("next fri 4.30", "Fri 27 Nov, 16:30 exactly"),
    ("fri 27 nov 16:00", "Fri 27 Nov, 16:00 exactly"),
    ("27 nov at 4pm", "Fri 27 Nov, 16:00 exactly"),
    ("nov 27th 4 pm", "Fri 27 Nov, 16:00 exactly"),
    ("27.11.", "Fri 27 Nov"),
    ("27.11.2026 10:00", "Fri 27 Nov, 10:00 exactly"),
    ("11/27", "Fri 27 Nov"),
    ("27/11/2026 15.30", "Fri 27 Nov, 15:30 exactly"),
    ("tomorrow at noon or 1", "Sat 21 Nov, 12:00-13:00, around 12:00"),
    ("in the evening after 6", "Fri 20 Nov on, 18:00-22:00"),
    ("2moro", "Sat 21 Nov"),
    ("tuesday at 1500", "Tue 24 Nov, 15:00 exactly"),
    ("friday at five thirty", "Fri 27 Nov, 17:30 exactly"),
    ("friday at half five", "Fri 27 Nov, 17:30 exactly"),
    ("quarter to 4 on tuesday", "Tue 24 Nov, 15:45 exactly"),
    ("twelve noon", "Fri 20 Nov on, 12:00"),
    ("12", "Fri 20 Nov on, 12:00"),
    ("12 noon tomorrow", "Sat 21 Nov, 12:00 exactly"),
    ("12am", "Fri 20 Nov on, 00:00"),
    ("midday monday", "Mon 23 Nov, 12:00 exactly"),
    ("9 tomorrow", "Sat 21 Nov, 09:00 exactly"),
    ("tomorrow @ 9", "Sat 21 Nov, 09:00 exactly"),
    ("@9 tomorrow", "Sat 21 Nov, 09:00 exactly"),
    ("9ish tomorrow", "Sat 21 Nov, 08:00-10:00, around 09:00"),
    ("i'm free all day tuesday", "Tue 24 Nov"),
    ("tuesday works best for me, ideally before lunch", "Tue 24 Nov, 00:00-11:59"),
    (
        "any afternoon next week except wednesday",
        "Mon 23 Nov to Sun 29 Nov (Mon Tue Thu Fri Sat Sun), 12:00-17:00",
    ),
    ("either monday or tuesday", "Mon 23 Nov to Tue 24 Nov"),
    ("tuesday or failing that thursday", "Tue 24 Nov to Thu 26 Nov (Tue Thu)"),
    ("tuesday if possible, otherwise thursday", "Tue 24 Nov to Thu 26 Nov (Tue Thu)"),
    ("tuesday afternoon or thursday morning", "Tue 24 Nov, 12:00-17:00"),
    ("preferably in the morning", "Fri 20 Nov on, 05:00-11:59"),
    ("earliest on monday", "Mon 23 Nov"),
    ("as early as possible on monday", "Mon 23 Nov"),
    ("late friday", "Fri 27 Nov, 15:00-23:59"),
    ("early tuesday morning", "Tue 24 Nov, 05:00-10:59"),
    ("tuesday mid-morning", "Tue 24 Nov, 09:00-10:59"),
    ("mid afternoon tomorrow", "Sat 21 Nov, 14:00-16:00"),
    ("tomorrow late morning", "Sat 21 Nov, 10:00-11:59"),
    ("next available", "Fri 20 Nov on"),
    ("your next free slot", "Fri 20 Nov on"),
    ("the first slot you have next week", "Mon 23 Nov to Sun 29 Nov"),
    ("first appointment on tuesday", "Tue 24 Nov"),
    ("sometime after the 15th", "Wed 16 Dec on"),
    ("sometime between now and christmas", "Fri 20 Nov to Fri 25 Dec"),
    ("between monday and wednesday", "Mon 23 Nov to Wed 25 Nov"),
    ("between next monday and next friday", "Mon 23 Nov to Fri 27 Nov"),
    ("from the 1st to the 5th", "Tue 1 Dec to Sat 5 Dec"),
    ("1st - 5th december", "Tue 1 Dec to Sat 5 Dec"),
    ("december 1 to december 5", "Tue 1 Dec to Sat 5 Dec"),
    ("1/12 - 5/12", "Tue 12 Jan 2027 to Wed 12 May 2027"),
    ("dec 1 or 2", "Tue 1 Dec to Wed 2 Dec"),
    ("the 1st or 2nd", "Tue 1 Dec to Wed 2 Dec"),
    ("on the 1st, 2nd or 3rd", "Tue 1 Dec to Thu 3 Dec"),
    ("on a weekday after 5pm", "Fri 20 Nov on (Mon Tue Wed Thu Fri), 17:00-23:59"),
    ("weekday after 5", "Fri 20 Nov on (Mon Tue Wed Thu Fri), 17:00-23:59"),
    ("weekends only", "Sat 21 Nov on (Sat Sun)"),
    ("only weekends", "Sat 21 Nov on (Sat Sun)"),
    ("only mornings", "Fri 20 Nov on, 05:00-11:59"),
    ("just mornings please", "Fri 20 Nov on, 05:00-11:59"),
    ("mornings only", "Fri 20 Nov on, 05:00-11:59"),
    ("mornings on weekdays", "Fri 20 Nov on (Mon Tue Wed Thu Fri), 05:00-11:59"),
    ("wednesdays", "Wed 25 Nov on (Wed)"),
    ("wednesday mornings", "Wed 25 Nov on (Wed), 05:00-11:59"),
    ("second week of december", "Tue 8 Dec to Mon 14 Dec"),
    ("week commencing 7th december", "Mon 7 Dec to Sun 13 Dec"),
    ("w/c 7 dec", "Mon 7 Dec to Sun 13 Dec"),
    ("in a couple of weeks", "Fri 4 Dec"),
    ("in a couple of days", "Sun 22 Nov"),
    ("in 10 days", "Mon 30 Nov"),
    ("10 days from now", "Mon 30 Nov"),
    ("3 weeks on tuesday", "Tue 15 Dec"),
    ("tuesday in 2 weeks", "Tue 1 Dec"),
    ("the following monday", "Mon 23 Nov"),
    ("this coming weekend", "Sat 21 Nov to Sun 22 Nov"),
    ("weekend after next", "Sat 5 Dec to Sun 6 Dec"),
    ("not this weekend", "Fri 20 Nov on without 21 Nov, 22 Nov"),
    ("not this week, next", "Mon 23 Nov on"),
    ("anytime but fridays", "Sat 21 Nov on (Mon Tue Wed Thu Sat Sun)"),
    ("anytime except mornings", "Fri 20 Nov on, 12:00-23:59"),
    ("any time but not before 11", "Fri 20 Nov on, 11:00-23:59"),
    ("whenever you have something after 4", "Fri 20 Nov on, 16:00-23:59"),
    ("whenever is good for you, just not monday", "Fri 20 Nov on (Tue Wed Thu Fri Sat Sun)"),
    ("i can't do mondays or fridays", "Sat 21 Nov on (Tue Wed Thu Sat Sun)"),
    ("mondays and fridays are no good", "Sat 21 Nov on (Tue Wed Thu Sat Sun)"),
    ("can't come before 5", "Fri 20 Nov on, 17:00-23:59"),
    ("i can't before 5pm", "Fri 20 Nov on, 17:00-23:59"),
    ("i'm at work till 5", "Fri 20 Nov on, 17:00-23:59"),
    ("i get off at 3:30", "Fri 20 Nov on, 15:30-23:59"),
    ("after 3:30 any day", "Fri 20 Nov on, 15:30-23:59"),
    ("after 3.30", "Fri 20 Nov on, 15:30-23:59"),
    ("3.30pm onwards", "Fri 20 Nov on, 15:30-23:59"),
    ("4 onwards", "Fri 20 Nov on, 16:00-23:59"),
    ("from 4", "Fri 20 Nov on, 16:00-23:59"),
    ("4+", "Fri 20 Nov on, 16:00-23:59"),
    ("till 2", "Fri 20 Nov on, 00:00-13:59"),
    ("until noon", "Fri 20 Nov on, 00:00-11:59"),
    ("by noon", "Fri 20 Nov on, 00:00-12:00"),
    ("no earlier than 10", "Fri 20 Nov on, 10:00-23:59"),
    ("no later than 11", "Fri 20 Nov on, 00:00-11:00"),
    ("at the earliest 10am", "Fri 20 Nov on, 10:00-23:59"),
    ("10am at the earliest", "Fri 20 Nov on, 10:00-23:59"),
    ("the 10th at the latest", "Fri 20 Nov to Thu 10 Dec"),
    ("11 at the latest", "Fri 20 Nov on, 00:00-11:00"),
    ("11ish", "Fri 20 Nov on, 10:00-12:00, around 11:00"),
    ("elevenish", "Fri 20 Nov on, 10:00-12:00, around 11:00"),
    ("11 ish", "Fri 20 Nov on, 10:00-12:00, around 11:00"),
    ("around noon", "Fri 20 Nov on, 11:00-13:00, around 12:00"),
    ("about 2:30 on the 2nd", "Wed 2 Dec, 13:30-15:30, around 14:30"),
    ("approx 3pm", "Fri 20 Nov on, 14:00-16:00, around 15:00"),
    ("3 or so", "Fri 20 Nov on, 14:00-16:00, around 15:00"),
    ("3pm or so", "Fri 20 Nov on, 14:00-16:00, around 15:00"),
    ("3-ish on friday", "Fri 27 Nov, 14:00-16:00, around 15:00"),
    ("3 pm sharp", "Fri 20 Nov on, 15:00"),
    ("exactly 3pm", "Fri 20 Nov on, 15:00"),
    ("15", "Fri 20 Nov on, 15:00"),
    ("15 o'clock", "Fri 20 Nov on, 15:00"),
    ("15.00", "Fri 20 Nov on, 15:00"),
    ("15h00", "Fri 20 Nov on, 15:00"),
    ("3:00 PM", "Fri 20 Nov on, 15:00"),
    ("03:00", "Fri 20 Nov on, 15:00"),
    ("3 p.m.", "Fri 20 Nov on, 15:00"),
    ("3pm - 4pm", "Fri 20 Nov on, 15:00-15:59"),
    ("3-4", "Fri 20 Nov on, 15:00-15:59"),
    ("3 till 4", "Fri 20 Nov on, 15:00-15:59"),
    ("3 to 4pm", "Fri 20 Nov on, 15:00-15:59"),
    ("from 3", "Fri 20 Nov on, 15:00-23:59"),
    ("noon to 2", "Fri 20 Nov on, 12:00-13:59"),
    ("12-2", "Fri 20 Nov on, 12:00-13:59"),
    ("12 - 1pm", "Fri 20 Nov on, 12:00-12:59"),
    ("12 till 1", "Fri 20 Nov on, 12:00-12:59"),
    ("8:30", "Fri 20 Nov on, 08:30"),
    ("9 am tomorrow", "Sat 21 Nov, 09:00 exactly"),
    ("9 a.m. on the 1st", "Tue 1 Dec, 09:00 exactly"),
    ("tomorrow at nine", "Sat 21 Nov, 09:00 exactly"),
    ("day after tomorrow at 2", "Sun 22 Nov, 14:00 exactly"),
    ("tmr 2pm", "Sat 21 Nov, 14:00 exactly"),
    ("tonite", "Fri 20 Nov, 17:00-23:59"),
    ("tonight at 7", "Fri 20 Nov, 19:00 exactly"),
    ("this evening", "Fri 20 Nov, 17:00-22:00"),
    ("this morning", "Fri 20 Nov, 05:00-11:59"),
    ("this aft", "Fri 20 Nov, 12:00-17:00"),
    ("sat 28th", "Sat 28 Nov"),
    ("sat 28 nov", "Sat 28 Nov"),
    ("sat the 28th 11am", "Sat 28 Nov, 11:00 exactly"),
    ("Sat, Nov 28", "Sat 28 Nov"),
    ("Saturday 28/11", "Sat 28 Nov"),
    ("28th nov sat", "Sat 28 Nov"),
    ("nov 30", "Mon 30 Nov"),
    ("31/12", "Thu 31 Dec"),
    ("12/31", "Thu 31 Dec"),
    ("31.12.", "Thu 31 Dec"),
    ("31.12.2026", "Thu 31 Dec"),
    ("2026/12/31", "Thu 31 Dec"),
    ("31-12-2026", "Thu 31 Dec"),
    ("dec 31 2026 4pm", "Thu 31 Dec, 16:00 exactly"),
    ("2027", "Fri 1 Jan 2027 to Fri 31 Dec 2027"),
    ("next year january", "Fri 1 Jan 2027 to Sun 31 Jan 2027"),
    ("jan 2027", "Fri 1 Jan 2027 to Sun 31 Jan 2027"),
    ("mid january", "Mon 11 Jan 2027 to Wed 20 Jan 2027"),
    ("jan", "Fri 1 Jan 2027 to Sun 31 Jan 2027"),
    ("end of jan", "Sun 24 Jan 2027 to Sun 31 Jan 2027"),
    ("christmas week", "Mon 21 Dec to Sun 27 Dec"),
    ("new year's eve", "Thu 31 Dec"),
    ("monday fortnight", "Mon 7 Dec"),
    ("mon 30th", "Mon 30 Nov"),
    ("mon 30", "Mon 30 Nov"),
    ("monday 30", "Mon 30 Nov"),
    ("tuesday the first", "Tue 1 Dec"),
    ("tuesday 1st december", "Tue 1 Dec"),
    ("1st tuesday in december", "Tue 1 Dec"),
    ("last day of november", "Mon 30 Nov"),
    ("first of the month", "Tue 1 Dec"),
    ("first of next month", "Tue 1 Dec"),
    ("beginning of next month", "Tue 1 Dec to Thu 10 Dec"),
    ("start of next week", "Mon 23 Nov to Tue 24 Nov"),
    ("early in the week", "Mon 23 Nov to Tue 24 Nov"),
    ("later in the week", "Sat 21 Nov to Sun 22 Nov"),
    ("end of week", "Fri 20 Nov"),
    ("towards the end of next week", "Thu 26 Nov to Fri 27 Nov"),
    ("middle of next week", "Tue 24 Nov to Thu 26 Nov"),
    ("mid week", "Tue 24 Nov to Thu 26 Nov"),
    ("next week midweek", "Tue 24 Nov to Thu 26 Nov"),
    ("thursdayish", "Thu 26 Nov"),
    ("thursday-ish", "Thu 26 Nov"),
    ("maybe thursday", "Thu 26 Nov"),
    ("thursday i think", "Thu 26 Nov"),
    ("i think thursday at 2 maybe", "Thu 26 Nov, 14:00 exactly"),
    ("thursday, 2", "Thu 26 Nov, 14:00 exactly"),
    ("thursday,2pm", "Thu 26 Nov, 14:00 exactly"),
    ("thursday@2", "Thu 26 Nov, 14:00 exactly"),
    ("thu 2p", "Thu 26 Nov, 14:00 exactly"),
    ("thu 2:15p", "Thu 26 Nov, 14:15 exactly"),
    ("thu 1415", "Thu 26 Nov, 14:15 exactly"),
    ("thu 14:15", "Thu 26 Nov, 14:15 exactly"),
    ("tuesday 3pm or thursday 10am", "Tue 24 Nov, 15:00 exactly"),
    ("tuesday morning or wednesday morning", "Tue 24 Nov to Wed 25 Nov, 05:00-11:59"),
    ("mornings on monday, afternoons on tuesday", "Mon 23 Nov, 05:00-11:59"),
    ("tuesday morning, tuesday afternoon", "Tue 24 Nov, 05:00-17:00"),
    ("evenings are difficult", "Fri 20 Nov on, 00:00-16:59"),
    ("mornings are good", "Fri 20 Nov on, 05:00-11:59"),
    ("evenings don't work", "Fri 20 Nov on, 00:00-16:59"),
    ("mornings are great for me", "Fri 20 Nov on, 05:00-11:59"),
    ("i can come mornings", "Fri 20 Nov on, 05:00-11:59"),
]
REFUSED = [
    ("feb 30", "impossible_time"),
    ("yesterday", "past_time"),
    ("book me in for yesterday", "past_time"),
    ("29 feb 2027", "impossible_time"),
    ("25:00", "impossible_time"),
    ("friday the 28th", "impossible_time"),
    ("tuesday 25 november at 2", "impossible_time"),
    ("today at 9", "past_time"),
    ("blah", "not_understood"),
    ("acne scars", "not_understood"),
    ("?", "not_understood"),
    ("2 days ago", "past_time"),
    ("last tuesday", "past_time"),
    ("nov 19 at 10", "past_time"),
    ("2020-01-01 10:00", "past_time"),
    ("13/13 at 10", "impossible_time"),
    ("the 32nd at 10", "impossible_time"),
    ("monday 13pm", "impossible_time"),
    ("monday at 3:75pm", "impossible_time"),
    ("monday at 25", "impossible_time"),
    ("31 november at 10", "impossible_time"),
    ("the second one", "not_understood"),
    ("nov 31", "impossible_time"),
    ("", "not_understood"),
]
# What was said first, what is said then, and what both mean together.
CHANGED = [
    ("tuesday", "3pm", "Tue 24 Nov, 15:00 exactly"),
    ("tuesday 3pm", "thursday instead", "Thu 26 Nov, 15:00 exactly"),
    ("tuesday 3pm", "make it 4", "Tue 24 Nov, 16:00 exactly"),
    ("tuesday 3pm", "in the morning", "Tue 24 Nov, 05:00-11:59"),
    ("tuesday 3pm", "not before the 10th", "Thu 10 Dec on, 15:00"),
    ("next week", "tuesday", "Tue 24 Nov"),
    ("in december", "a tuesday", "Tue 1 Dec to Tue 29 Dec (Tue)"),
    ("in december", "tuesday", "Tue 1 Dec"),
    ("tuesdays", "in december", "Tue 1 Dec to Tue 29 Dec (Tue)"),
    ("tuesday afternoon", "after 3", "Tue 24 Nov, 15:00-17:00"),
    ("tuesday", "any time", "Tue 24 Nov"),
    ("3pm", "whenever", "Fri 20 Nov on"),
    ("after the 10th", "mornings", "Fri 11 Dec on, 05:00-11:59"),
    ("tuesday", "wednesday", "Wed 25 Nov"),
    ("tuesday", "or wednesday", "Tue 24 Nov to Wed 25 Nov"),
    ("tuesday 3pm", "4", "Tue 24 Nov, 16:00 exactly"),
    ("tuesday 3pm", "4 instead", "Tue 24 Nov, 16:00 exactly"),
    ("tuesday 3pm", "no, 4", "Tue 24 Nov, 16:00 exactly"),
    ("tuesday 3pm", "not tuesday", "Fri 20 Nov on (Mon Wed Thu Fri Sat Sun), 15:00"),
    ("tuesday 3pm", "actually friday", "Fri 27 Nov, 15:00 exactly"),
    ("tuesday 3pm", "friday at 10", "Fri 27 Nov, 10:00 exactly"),
    ("tuesday 3pm", "asap", "Fri 20 Nov on"),
    ("tuesday 3pm", "around 4", "Tue 24 Nov, 15:00-17:00, around 16:00"),
    ("tuesday 3pm", "after 4", "Tue 24 Nov, 16:00-23:59"),
    ("tuesday evening", "6", "Tue 24 Nov, 18:00 exactly"),
    ("december", "the 10th", "Thu 10 Dec"),
    ("in january", "the 10th", "Sun 10 Jan 2027"),
    ("next week", "the mornings", "Mon 23 Nov to Sun 29 Nov, 05:00-11:59"),
    ("next week", "not monday", "Tue 24 Nov to Sun 29 Nov"),
    ("tuesdays or thursdays after 4", "thursday", "Thu 26 Nov, 16:00-23:59"),
    ("this weekend", "tuesday", "Tue 24 Nov"),
    ("3pm", "tuesday or wednesday", "Tue 24 Nov to Wed 25 Nov, 15:00"),
    ("in the morning", "tomorrow", "Sat 21 Nov, 05:00-11:59"),
    ("tuesday 3pm", "the week after", "Mon 30 Nov to Sun 6 Dec, 15:00"),
    ("mon or wed", "next week", "Mon 23 Nov to Sun 29 Nov"),
    ("tuesday at 3", "can i change it to 12", "Tue 24 Nov, 12:00 exactly"),
    ("tuesday at 3", "can I move it to next Monday", "Mon 23 Nov, 15:00 exactly"),
    ("tuesday at 3", "thursday 11am", "Thu 26 Nov, 11:00 exactly"),
    ("tuesday at 3", "3:30", "Tue 24 Nov, 15:30 exactly"),
    ("tuesday 3pm", "or wednesday", "Tue 24 Nov to Wed 25 Nov, 15:00"),
    ("tuesday 3pm", "the day after", "Wed 25 Nov, 15:00 exactly"),
    ("tuesday 3pm", "a week later", "Tue 1 Dec, 15:00 exactly"),
    ("next week", "the week after", "Mon 30 Nov to Sun 6 Dec"),
    ("tuesday 3pm", "the day before", "Mon 23 Nov, 15:00 exactly"),
    ("tuesday 3pm", "the following week", "Mon 30 Nov to Sun 6 Dec, 15:00"),
    ("tuesday 3pm", "the next day", "Wed 25 Nov, 15:00 exactly"),
    ("tuesday 3pm", "no 3:30", "Tue 24 Nov, 15:30 exactly"),
    ("tuesday 3pm", "same time thursday", "Thu 26 Nov, 15:00 exactly"),
    ("tuesday 3pm", "same day at 5", "Tue 24 Nov, 17:00 exactly"),
    ("tuesday 3pm", "half an hour later", "Tue 24 Nov, 15:30 exactly"),
    ("tuesday 3pm", "an hour earlier", "Tue 24 Nov, 14:00 exactly"),
    ("tuesday 3pm", "same time next week", "Tue 1 Dec, 15:00 exactly"),
    ("tuesday 3pm", "the week after that", "Mon 30 Nov to Sun 6 Dec, 15:00"),
    ("tuesday 3pm", "wednesday or thursday", "Wed 25 Nov to Thu 26 Nov, 15:00"),
    ("tuesday 3pm", "not 3, 4", "Tue 24 Nov, 16:00 exactly"),
    ("tuesday 3pm", "earlier in the week", "Mon 23 Nov, 15:00 exactly"),
    ("tuesday 3pm", "any time that day", "Tue 24 Nov"),
    ("tuesday after 3", "before 5", "Tue 24 Nov, 15:00-16:59"),
    ("tuesday", "anytime after lunch", "Tue 24 Nov, 13:00-23:59"),
    ("tuesday morning", "afternoon", "Tue 24 Nov, 12:00-17:00"),
    ("monday", "10 or 11", "Mon 23 Nov, 10:00-11:00, around 10:00"),
    ("december", "weekends", "Sat 5 Dec to Sun 27 Dec (Sat Sun)"),
    ("next week", "not thursday or friday", "Mon 23 Nov to Sun 29 Nov (Mon Tue Wed Sat Sun)"),
    ("next week", "early in the week", "Mon 23 Nov to Tue 24 Nov"),
    ("next week", "end of the week", "Thu 26 Nov to Fri 27 Nov"),
    ("this week", "next week then", "Mon 23 Nov to Sun 29 Nov"),
    ("tuesday 3pm", "i can't do tuesday anymore", "Fri 20 Nov on (Mon Wed Thu Fri Sat Sun), 15:00"),
    ("tuesday 3pm", "tuesday is no good, friday", "Fri 27 Nov, 15:00 exactly"),
    ("next week", "monday or tuesday after 2", "Mon 23 Nov to Tue 24 Nov, 14:00-23:59"),
    ("the 10th", "11th", "Fri 11 Dec"),
    ("the 10th", "the 11th instead", "Fri 11 Dec"),
    ("the 10th", "or the 11th", "Thu 10 Dec to Fri 11 Dec"),
    ("10th december", "12th", "Sat 12 Dec"),
    ("mornings", "next week", "Mon 23 Nov to Sun 29 Nov, 05:00-11:59"),
    ("mornings", "tuesday", "Tue 24 Nov, 05:00-11:59"),
    ("mornings", "tuesday at 3", "Tue 24 Nov, 15:00 exactly"),
]
# Said in passing, when nobody asked for a time.
NO_TIME = [
    "",
    "acne scars",
    "i have a 2 year old",
    "my skin gets red 3 times a week",
    "24/7",
    "1/2 of my face",
    "0.25 mm needles",
    "i may have rosacea",
    "sun damage",
    "i sat in the sun too long",
    "we march on",
    "it costs $2.50",
    "call me on 1234567",
    "i had 3 sessions",
    "for 2 hours",
    "whenever",
    "what do you have?",
    "3",
    "24 d\u00e9cembre",
]


def shown(window: Window) -> str:
    """A window in words, as in the tables here."""
    days = dated(window.first)
    if window.last > date(2028, 11, 1):
        days += " on"
    elif window.last > window.first:
        days += f" to {dated(window.last)}"
    if len(window.weekdays) < 7:
        days += f" ({' '.join(WEEKDAYS[day][:3].title() for day in sorted(window.weekdays))})"
    if window.without:
        days += f" without {', '.join(f'{day:%-d %b}' for day in sorted(window.without))}"
    return days + clocked(window)


def dated(day: date) -> str:
    return f"{day:%a %-d %b}" if day.year == 2026 else f"{day:%a %-d %b %Y}"


def clocked(window: Window) -> str:
    if window.start == window.until:
        return f", {window.start:%H:%M}{' exactly' if window.exact else ''}"
    if (window.start, window.until) == (Window.start, Window.until):
        return ""
    around = f", around {window.around:%H:%M}" if window.around else ""
    return f", {window.start:%H:%M}-{window.until:%H:%M}{around}"


def answered(text: str, now: datetime, clinic: Clinic, known: Wish | None = None) -> WishReading:
    return read_wish(text, now, clinic, asked=True, known=known)


def wished(text: str, now: datetime, clinic: Clinic, known: Wish | None = None) -> Wish:
    wish = answered(text, now, clinic, known).wish
    assert wish is not None, f"{text} was not understood"
    return wish


@pytest.mark.parametrize(("text", "window"), UNDERSTOOD, ids=[row[0] for row in UNDERSTOOD])
def test_a_wish_is_understood(clinic: Clinic, now: datetime, text: str, window: str) -> None:
    wish = wished(text, now, clinic)

    assert shown(wish.window) == window
    assert wish.text == text


@pytest.mark.parametrize(("text", "code"), REFUSED, ids=[row[0] or "nothing" for row in REFUSED])
def test_what_cannot_be_wished_is_refused_for_its_reason(
    clinic: Clinic, now: datetime, text: str, code: str
) -> None:
    reading = answered(text, now, clinic)

    assert (reading.wish, reading.refusal) == (None, code)


@pytest.mark.parametrize(
    ("before", "text", "window"), CHANGED, ids=[f"{row[0]}, then {row[1]}" for row in CHANGED]
)
def test_a_second_message_completes_or_changes_a_wish(
    clinic: Clinic, now: datetime, before: str, text: str, window: str
) -> None:
    wish = wished(text, now, clinic, known=wished(before, now, clinic))

    assert shown(wish.window) == window


@pytest.mark.parametrize("text", NO_TIME)
def test_what_nobody_asked_for_is_no_time(clinic: Clinic, now: datetime, text: str) -> None:
    assert not read_wish(text, now, clinic, asked=False)


def test_a_day_far_ahead_is_understood_though_nobody_can_book_it(
    clinic: Clinic, now: datetime
) -> None:
    window = wished("in 10 years", now, clinic).window

    assert window.first == date(2036, 11, 20)


def test_a_day_that_went_by_gives_way_to_one_ahead(clinic: Clinic, now: datetime) -> None:
    wish = wished("i was in last monday, can i come on tuesday", now, clinic)

    assert shown(wish.window) == "Tue 24 Nov"


def test_words_that_complete_a_wish_are_kept_behind_the_first(
    clinic: Clinic, now: datetime
) -> None:
    half = wished("tuesday", now, clinic)

    assert wished("after 3", now, clinic, known=half).text == "tuesday, after 3"


def test_words_that_replace_a_wish_stand_alone(clinic: Clinic, now: datetime) -> None:
    first = wished("tuesday 3pm", now, clinic)

    assert wished("friday at 10", now, clinic, known=first).text == "friday at 10"


def test_only_the_place_that_says_it_is_kept_of_a_longer_message(
    clinic: Clinic, now: datetime
) -> None:
    text = "hello there, could i come next tuesday after 3 with my mum"

    reading = read_wish(text, now, clinic, asked=False)

    assert reading.wish is not None
    assert reading.wish.text == "next tuesday after 3"


def test_today_is_the_clinics_day_wherever_the_server_is(clinic: Clinic) -> None:
    late_on_thursday = datetime(2026, 11, 20, 2, 0, tzinfo=ZoneInfo("UTC"))

    wish = wished("tomorrow 10am", late_on_thursday, clinic)

    assert shown(wish.window) == "Fri 20 Nov, 10:00 exactly"


@pytest.mark.parametrize(
    ("hours", "text", "clock"),
    [
        ("09:00-18:00", "monday at 8", time(8)),
        ("09:00-20:30", "monday at 8", time(20)),
        ("07:00-12:00", "monday at 7", time(7)),
        ("09:00-18:00", "monday at 7", time(19)),
    ],
)
def test_an_hour_without_am_or_pm_is_the_one_at_which_the_clinic_is_open(
    clinic: Clinic, now: datetime, hours: str, text: str, clock: time
) -> None:
    week = OpeningHours.model_validate({day: [hours] for day in WEEKDAYS})

    window = wished(text, now, clinic.model_copy(update={"opening_hours": week})).window

    assert window.around == clock


def test_an_hour_that_the_clocks_skip_is_impossible(clinic: Clinic, now: datetime) -> None:
    reading = answered("14 march 2027 2:30am", now, clinic)

    assert reading.refusal == "impossible_time"


def test_an_hour_that_comes_twice_is_one_wish(clinic: Clinic) -> None:
    before = datetime(2026, 10, 30, 10, 0, tzinfo=NEW_YORK)

    window = wished("1 november 1:30am", before, clinic).window

    assert window.contains(datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK))
    assert window.exact


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("3/12 at 2", "Thu 3 Dec, 14:00 exactly"),
        ("10/12", "Thu 10 Dec"),
        ("12/10", "Thu 10 Dec"),
        ("1/2/27", "Mon 1 Feb 2027"),
        ("24/12", "Thu 24 Dec"),
    ],
)
def test_a_clinic_outside_north_america_writes_the_day_first(
    clinic: Clinic, now: datetime, text: str, window: str
) -> None:
    in_london = clinic.model_copy(update={"phone": "+442079460958", "time_zone": "Europe/London"})

    assert shown(wished(text, now, in_london).window) == window


WORDS = st.sampled_from(
    "next this tuesday fri sun at 3 25 3pm after before noon half past quarter to 31 30th feb the "
    "of december asap not or and but any except between - : 12/24 2026-02-30 99/99 0 00:00 24:00 "
    "week weekend mornings in two hour earlier now same ago a end later first until "
    "every \u0663pm . , ?".split()
)
KNOWN = st.sampled_from(
    [
        None,
        Window(date(2026, 11, 24), date(2026, 11, 24), start=time(15), until=time(17)),
        Window(date(2026, 11, 20), date(2028, 11, 19), frozenset({1, 3}), around=time(9)),
        Window(date(2026, 11, 10), date(2026, 11, 12)),
    ]
)


@settings(deadline=None, max_examples=300)
@given(
    text=st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=9).map(" ".join)),
    known=KNOWN,
    asked=st.booleans(),
)
def test_no_text_breaks_the_reader(
    clinic: Clinic, text: str, known: Window | None, asked: bool
) -> None:
    moment = datetime(2026, 11, 20, 10, 0, tzinfo=NEW_YORK)
    before = Wish(known, "before") if known else None

    reading = read_wish(text, moment, clinic, asked=asked, known=before)

    if reading.wish is None:
        assert asked is False or reading.refusal is not None
        return
    window = reading.wish.window
    assert moment.date() <= window.first <= window.last
    assert window.has_day(window.first)
    assert window.has_day(window.last)
    assert window.start <= window.until
    assert window.around is None or window.start <= window.around <= window.until
    assert window.exact == (window.first == window.last and window.start == window.until)
    assert window.last - moment.date() < timedelta(days=366 * 1001)
    assert Window.from_json(window.as_json()) == window
