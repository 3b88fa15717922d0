#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The golden table of deadlines, made without the program: tests/data/calendar_golden.tsv.

usage: calendar_golden.py          writes the table
       calendar_golden.py --check  exit 1 if the table or packs/base/calendar.yaml differ from what is derived here

Holidays are derived from the law (lunar new year by astronomy, 10/3 of the lunar year, days in lieu) and from the
decisions of single years; packs/base/calendar.yaml lists the days one by one; both must agree. Cases under HAND were
reasoned and written by hand, with their answer: this script computes them a second time and stops if it disagrees.
The rest are families over years, written by this script; it counts working days by looking them up in a list, the
program by walking. The columns are rule, start, due, last good day, note."""
import bisect
import datetime as dt
import math
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests" / "data" / "calendar_golden.tsv"
YAML = ROOT / "packs" / "base" / "calendar.yaml"
ZONE = dt.timezone(dt.timedelta(hours=7))
DAY = dt.timedelta(days=1)
YEARS = range(2016, 2028)


# ---- the moon. Source: Ho Ngoc Duc, "Thuat toan tinh am lich", after J. Meeus, Astronomical Algorithms, 1991
def julian(day):
    return day.toordinal() + 1721425


def new_moon(k):
    """Julian date of the k-th new moon since 1900-01-01 13:52 UTC."""
    t = k / 1236.85
    dr = math.pi / 180
    jd = 2415020.75933 + 29.53058868 * k + 0.0001178 * t * t - 0.000000155 * t ** 3
    jd += 0.00033 * math.sin((166.56 + 132.87 * t - 0.009173 * t * t) * dr)
    m = 359.2242 + 29.10535608 * k - 0.0000333 * t * t - 0.00000347 * t ** 3
    mpr = 306.0253 + 385.81691806 * k + 0.0107306 * t * t + 0.00001236 * t ** 3
    f = 21.2964 + 390.67050646 * k - 0.0016528 * t * t - 0.00000239 * t ** 3
    c = (0.1734 - 0.000393 * t) * math.sin(m * dr) + 0.0021 * math.sin(2 * dr * m)
    c += -0.4068 * math.sin(mpr * dr) + 0.0161 * math.sin(dr * 2 * mpr) - 0.0004 * math.sin(dr * 3 * mpr)
    c += 0.0104 * math.sin(dr * 2 * f) - 0.0051 * math.sin(dr * (m + mpr)) - 0.0074 * math.sin(dr * (m - mpr))
    c += 0.0004 * math.sin(dr * (2 * f + m)) - 0.0004 * math.sin(dr * (2 * f - m)) - 0.0006 * math.sin(dr * (2 * f + mpr))
    c += 0.0010 * math.sin(dr * (2 * f - mpr)) + 0.0005 * math.sin(dr * (2 * mpr + m))
    delta = -0.000278 + 0.000265 * t + 0.000262 * t * t
    return jd + c - delta


def month_start(k):
    """Local day (+07:00) of the new moon."""
    return dt.date.fromordinal(math.floor(new_moon(k) + 0.5 + 7 / 24) - 1721425)


def sun_sector(day):
    """0..11 by the sun's longitude at local midnight that ends nothing: 9 begins with the winter solstice."""
    t = (julian(day) - 0.5 - 7 / 24 - 2451545.0) / 36525
    dr = math.pi / 180
    m = 357.52910 + 35999.05030 * t - 0.0001559 * t * t - 0.00000048 * t ** 3
    l0 = 280.46645 + 36000.76983 * t + 0.0003032 * t * t
    dl = (1.914600 - 0.004817 * t) * math.sin(dr * m) + (0.019993 - 0.000101 * t) * math.sin(dr * 2 * m)
    return int(((l0 + dl + 0.000290 * math.sin(dr * 3 * m)) % 360) // 30)


def month_eleven(year):
    """First day of the lunar month that holds the winter solstice."""
    k = int((dt.date(year, 12, 31).toordinal() + 1721425 - 2415021) / 29.530588853)
    return k if sun_sector(month_start(k)) < 9 else k - 1


def lunar_new_year(year):
    """k of month 1: the second after month 11, a leap month in between (one without a sector change) not counted."""
    k11 = month_eleven(year - 1)
    months = [k11]
    leap_year = month_eleven(year) - k11 > 12
    leap_seen = False
    k = k11
    while len(months) < 5:
        k += 1
        without = sun_sector(month_start(k)) == sun_sector(month_start(k + 1))
        if leap_year and without and not leap_seen:
            leap_seen = True
            continue
        months.append(k)
    return months  # 11, 12, 1, 2, 3


def tet(year):
    return month_start(lunar_new_year(year)[2])


def gio_to(year):
    return month_start(lunar_new_year(year)[4]) + 9 * DAY


TET_KNOWN = ["2016-02-08", "2017-01-28", "2018-02-16", "2019-02-05", "2020-01-25", "2021-02-12", "2022-02-01",
             "2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06"]
GIO_TO_KNOWN = ["2016-04-16", "2017-04-06", "2018-04-25", "2019-04-14", "2020-04-02", "2021-04-21", "2022-04-10",
                "2023-04-29", "2024-04-18", "2025-04-07", "2026-04-26", "2027-04-16"]

# ---- holidays: what the decisions of single years chose
TET_DAYS_BEFORE = {2016: 1, 2017: 2, 2018: 2, 2019: 1, 2020: 2, 2021: 2, 2022: 1, 2023: 2, 2024: 2, 2025: 2, 2026: 1}
NATIONAL_DAY_BESIDE = {2021: +1, 2022: -1, 2023: -1, 2024: +1, 2025: -1, 2026: -1}
SWAPS = {"2018-12-31": "2019-01-05", "2019-04-29": "2019-05-04", "2024-04-29": "2024-05-04", "2025-05-02": "2025-04-26",
         "2026-01-02": "2026-01-10", "2026-08-31": "2026-08-22"}


def block(days):
    """These days off, those on a weekend made up on the next working days after them."""
    off = set(days)
    lieu = sum(1 for day in days if day.isoweekday() > 5)
    day = min(days)
    while lieu > 0:
        if day.isoweekday() <= 5 and day not in off and day > min(d for d in days if d.isoweekday() > 5):
            off.add(day)
            lieu -= 1
        day += DAY
    return off


def holidays_of(year):
    first = tet(year)
    off = block([dt.date(year, 1, 1)])
    if year in TET_DAYS_BEFORE:
        begin = first - TET_DAYS_BEFORE[year] * DAY
        off |= block([begin + i * DAY for i in range(5)])
    else:  # not decided: what both choices have in common
        off |= block([first + (i - 1) * DAY for i in range(5)]) & block([first + (i - 2) * DAY for i in range(5)])
    spring = [gio_to(year), dt.date(year, 4, 30), dt.date(year, 5, 1)]
    if spring[1] - spring[0] > 5 * DAY:
        off |= block(spring[:1]) | block(spring[1:])
    else:
        off |= block(spring)
    national = [dt.date(year, 9, 2)]
    if year in NATIONAL_DAY_BESIDE:
        national.append(national[0] + NATIONAL_DAY_BESIDE[year] * DAY)
    off |= block(national)
    off |= {dt.date.fromisoformat(day) for day in SWAPS if day.startswith(str(year))}
    return {day for day in off if day.isoweekday() <= 5}


HOLIDAYS = set().union(*(holidays_of(year) for year in YEARS))
EXTRA = {dt.date.fromisoformat(day) for day in SWAPS.values()}
WORKING = [day for day in (dt.date(YEARS[0], 1, 1) + i * DAY for i in range(366 * len(YEARS)))
           if day.year <= YEARS[-1] and (day in EXTRA or (day.isoweekday() <= 5 and day not in HOLIDAYS))]

# ---- regimes, as packs/base/regimes.yaml has them: rule, first day, first day without
REGIMES = {
    "incident_notice": ("start", [("VN-LEGACY", "2017-11-01", "2026-07-01", "5d"), ("VN-GAP", "2026-07-01", "2026-08-19", None),
                                  ("VN-2026", "2026-08-19", "9999-12-31", "24h")]),
    "incident_report": ("start", [("VN-LEGACY", "2017-11-01", "2026-07-01", None), ("VN-GAP", "2026-07-01", "2026-08-19", None),
                                  ("VN-2026", "2026-08-19", "9999-12-31", "72h")]),
    "personal_data_notice": ("start", [("VN-PDPL", "2026-01-01", "9999-12-31", "72h")]),
    "half_year_report": ("due", [("VN-LEGACY", "2017-11-01", "2026-07-01", "before 06-20")]),
    "yearly_report": ("due", [("VN-LEGACY", "2017-11-01", "2026-07-01", "before 12-15"),
                              ("VN-2026", "2026-08-19", "9999-12-31", "before 12-20")]),
    "yearly_report_owner": ("due", [("VN-2026", "2026-08-19", "9999-12-31", "before 12-25")]),
}


# ---- rules
def start_of(text):
    """(local day, instant); a date counts from its end."""
    if len(text) == 10:
        day = dt.date.fromisoformat(text)
        return day, dt.datetime.combine(day + DAY, dt.time(), ZONE)
    at = dt.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(ZONE)
    return at.date(), at


def midnight_after(day):
    return dt.datetime.combine(day + DAY, dt.time(), ZONE).isoformat()


def in_year(month_day, year, fallback):
    month, day = map(int, month_day.split("-"))
    try:
        return dt.date(year, month, day)
    except ValueError:
        return dt.date(year, *fallback)


def period(kind, day):
    """id, first day, last day."""
    if kind == "P1W":
        monday = day - (day.isoweekday() - 1) * DAY
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}", monday, monday + 6 * DAY
    months = {"P1M": 1, "P3M": 3, "P6M": 6, "P1Y": 12}[kind]
    index = (day.month - 1) // months
    first = dt.date(day.year, index * months + 1, 1)
    after = dt.date(day.year + (first.month + months > 12), (first.month + months - 1) % 12 + 1, 1)
    name = {1: f"{day.year}-{day.month:02}", 3: f"{day.year}-Q{index + 1}", 6: f"{day.year}-H{index + 1}", 12: f"{day.year}"}
    return name[months], first, after - DAY


def due(rule, start):
    """(due, last good day) as text."""
    day, at = start_of(start)
    if match := re.fullmatch(r"(\d+)(m|h)", rule):
        span = dt.timedelta(minutes=int(match[1]) * (60 if match[2] == "h" else 1))
        end = at + span
        return end.isoformat(), (end - dt.timedelta(microseconds=1)).date().isoformat()
    if match := re.fullmatch(r"(\d+)d", rule):
        last = day + int(match[1]) * DAY
    elif match := re.fullmatch(r"(\d+)wd", rule):
        count = int(match[1])
        index = bisect.bisect_left(WORKING, day) if count == 0 else bisect.bisect_right(WORKING, day) + count - 1
        if index >= len(WORKING):
            return f"missing {YEARS[-1] + 1}", "-"
        if day < dt.date(YEARS[0], 1, 1) - DAY:
            return f"missing {day.year}", "-"
        last = WORKING[index]
    elif match := re.fullmatch(r"(before|by) (\d\d-\d\d)", rule):
        goods = []
        for year in range(day.year, day.year + 3):
            if match[1] == "before":
                goods.append(in_year(match[2], year, (3, 1)) - DAY)
            else:
                goods.append(in_year(match[2], year, (2, 28)))
        last = min(good for good in goods if good >= day)
    elif match := re.fullmatch(r"end (P\w+)", rule):
        last = period(match[1], day)[2]
    else:
        raise SystemExit(f"what is '{rule}'?")
    return midnight_after(last), last.isoformat()


def regime(name, start):
    counts, rules = REGIMES[name]
    day, _ = start_of(start)
    answers = []
    for rule_id, begin, until, rule in rules:
        begin, until = dt.date.fromisoformat(begin), dt.date.fromisoformat(until)
        if counts == "start":
            if begin <= day < until:
                answers.append((rule_id, *(due(rule, start) if rule else ("-", "-"))))
            continue
        asked = begin.isoformat() if day < begin else start
        when, last = due(rule, asked)
        if begin <= dt.date.fromisoformat(last) < until:
            answers.append((rule_id, when, last))
    if not answers:
        return "-", "-"
    rule_id, when, last = min(answers, key=lambda answer: answer[2])
    return f"{rule_id} {when}", last


def answer(rule, start):
    word, _, rest = rule.partition(" ")
    if word == "period":
        name, first, last = period(rest, start_of(start)[0])
        return name, last.isoformat()
    if word == "window":
        day = start_of(start)[0]
        _, first, last = period(rest, day)
        before = first - DAY
        return f"{dt.date(before.year, before.month, 15)}..{dt.date(last.year, last.month, 14)}", "-"
    if word == "workdays":
        begin, end = (dt.date.fromisoformat(text) for text in start.split(".."))
        return str(max(0, bisect.bisect_right(WORKING, end) - bisect.bisect_right(WORKING, begin))), "-"
    if word == "late":
        begin, done = start.split(" done ")
        when, _ = due(rest, begin)
        limit, at = dt.datetime.fromisoformat(when), start_of(done)[1]
        elapsed = re.fullmatch(r"\d+[mh]", rest) is not None
        return ("late" if at > limit or (at == limit and not elapsed) else "in time"), "-"
    if word == "regime":
        return regime(rest, start)
    return due(rule, start)


# ---- cases that were reasoned by hand: rule, start, due, last good day, why. Times are +07:00 unless they say Z.
def at(text):
    return text + ":00+07:00"


HAND = [
    # elapsed hours and minutes
    ("24h", at("2026-11-24T08:00"), at("2026-11-25T08:00"), "2026-11-25", "hours run from the instant"),
    ("24h", at("2026-11-27T17:30"), at("2026-11-28T17:30"), "2026-11-28", "Friday evening: hours do not stop at the weekend"),
    ("24h", at("2026-02-16T09:00"), at("2026-02-17T09:00"), "2026-02-17", "hours do not stop at Tet"),
    ("24h", at("2028-02-28T10:00"), at("2028-02-29T10:00"), "2028-02-29", "leap day"),
    ("24h", at("2027-02-28T10:00"), at("2027-03-01T10:00"), "2027-03-01", "no leap day"),
    ("24h", at("2026-12-31T23:59"), at("2027-01-01T23:59"), "2027-01-01", "over new year"),
    ("24h", "2026-11-24", at("2026-11-26T00:00"), "2026-11-25", "only the date is known: from its end, so all of 25/11"),
    ("24h", "2026-12-31", at("2027-01-02T00:00"), "2027-01-01", "date only, over new year"),
    ("24h", "2026-11-23T17:00:00Z", at("2026-11-25T00:00"), "2026-11-24", "17:00Z is midnight in Viet Nam"),
    ("24h", "2026-11-23T16:59:59Z", "2026-11-24T23:59:59+07:00", "2026-11-24", "a second before midnight"),
    ("24h", "2026-11-24T01:00:00Z", at("2026-11-25T08:00"), "2026-11-25", "the same instant written in UTC"),
    ("72h", at("2026-08-19T00:00"), at("2026-08-22T00:00"), "2026-08-21", "midnight ends the day before it"),
    ("72h", at("2026-04-29T16:00"), at("2026-05-02T16:00"), "2026-05-02", "through 30/04 and 01/05"),
    ("72h", at("2028-02-27T12:00"), at("2028-03-01T12:00"), "2028-03-01", "27, 28, 29 February"),
    ("72h", "2026-02-13", at("2026-02-17T00:00"), "2026-02-16", "date only: 14, 15, 16 February"),
    ("1h", at("2026-11-24T23:30"), at("2026-11-25T00:30"), "2026-11-25", "over midnight"),
    ("30m", at("2026-12-31T23:45"), at("2027-01-01T00:15"), "2027-01-01", "minutes over new year"),
    ("30m", at("2026-11-24T23:30"), at("2026-11-25T00:00"), "2026-11-24", "ends at midnight, which is still 24/11"),
    ("30m", "2026-11-24", at("2026-11-25T00:30"), "2026-11-25", "date only"),
    ("90m", at("2024-02-28T23:00"), at("2024-02-29T00:30"), "2024-02-29", "into the leap day"),
    ("8760h", at("2026-01-01T00:00"), at("2027-01-01T00:00"), "2026-12-31", "365 days"),
    ("8760h", at("2028-01-01T00:00"), at("2028-12-31T00:00"), "2028-12-30", "a leap year has 8784 hours"),
    # calendar days
    ("5d", at("2026-11-24T08:00"), at("2026-11-30T00:00"), "2026-11-29", "24/11 is not counted: 25..29"),
    ("5d", at("2026-11-24T23:59"), at("2026-11-30T00:00"), "2026-11-29", "the hour of the start does not matter"),
    ("5d", at("2026-11-25T00:00"), at("2026-12-01T00:00"), "2026-11-30", "a minute later is another day"),
    ("5d", "2026-11-24", at("2026-11-30T00:00"), "2026-11-29", "date only: as any instant of that day"),
    ("5d", "2026-11-24T16:59:59Z", at("2026-11-30T00:00"), "2026-11-29", "still 24/11 in Viet Nam"),
    ("5d", "2026-11-24T17:00:00Z", at("2026-12-01T00:00"), "2026-11-30", "already 25/11 in Viet Nam"),
    ("5d", at("2026-06-30T10:00"), at("2026-07-06T00:00"), "2026-07-05", "a Sunday is a good last day"),
    ("0d", at("2026-11-24T08:00"), at("2026-11-25T00:00"), "2026-11-24", "within the day"),
    ("0d", "2026-11-24", at("2026-11-25T00:00"), "2026-11-24", "within the day, date only"),
    ("1d", at("2028-02-28T10:00"), at("2028-03-01T00:00"), "2028-02-29", "leap day is the last good one"),
    ("1d", at("2027-02-28T10:00"), at("2027-03-02T00:00"), "2027-03-01", "no leap day"),
    ("3d", at("2026-12-30T10:00"), at("2027-01-03T00:00"), "2027-01-02", "over new year"),
    ("10d", at("2026-02-10T10:00"), at("2026-02-21T00:00"), "2026-02-20", "calendar days run through Tet"),
    ("30d", at("2026-01-31T10:00"), at("2026-03-03T00:00"), "2026-03-02", "February has 28: 28 + 2"),
    ("30d", at("2024-01-31T10:00"), at("2024-03-02T00:00"), "2024-03-01", "February has 29: 29 + 1"),
    ("365d", at("2027-03-01T10:00"), at("2028-03-01T00:00"), "2028-02-29", "the leap day takes one"),
    # working days
    ("1wd", at("2026-11-24T08:00"), at("2026-11-26T00:00"), "2026-11-25", "Tuesday to Wednesday"),
    ("1wd", at("2026-11-27T08:00"), at("2026-12-01T00:00"), "2026-11-30", "Friday to Monday"),
    ("1wd", at("2026-11-28T08:00"), at("2026-12-01T00:00"), "2026-11-30", "Saturday: Monday is the first"),
    ("1wd", at("2026-11-29T08:00"), at("2026-12-01T00:00"), "2026-11-30", "Sunday: Monday is the first"),
    ("3wd", at("2026-11-27T08:00"), at("2026-12-03T00:00"), "2026-12-02", "Monday, Tuesday, Wednesday"),
    ("5wd", at("2026-11-24T08:00"), at("2026-12-02T00:00"), "2026-12-01", "25, 26, 27, 30 November, 1 December"),
    ("5wd", "2026-11-24", at("2026-12-02T00:00"), "2026-12-01", "date only: the same"),
    ("0wd", at("2026-11-24T08:00"), at("2026-11-25T00:00"), "2026-11-24", "a working day is its own"),
    ("0wd", at("2026-11-28T08:00"), at("2026-12-01T00:00"), "2026-11-30", "Saturday: the next one"),
    ("0wd", at("2026-02-14T08:00"), at("2026-02-24T00:00"), "2026-02-23", "first Saturday of the Tet closure"),
    ("5wd", at("2026-02-13T10:00"), at("2026-02-28T00:00"), "2026-02-27", "Tet 14..22/02: 23, 24, 25, 26, 27"),
    ("5wd", at("2026-02-12T10:00"), at("2026-02-27T00:00"), "2026-02-26", "13, then 23, 24, 25, 26"),
    ("1wd", at("2026-02-17T00:00"), at("2026-02-24T00:00"), "2026-02-23", "on the first day of Tet"),
    ("2wd", at("2026-01-07T10:00"), at("2026-01-10T00:00"), "2026-01-09", "Thursday, Friday"),
    ("3wd", at("2026-01-07T10:00"), at("2026-01-11T00:00"), "2026-01-10", "Saturday 10/01 is worked for 02/01"),
    ("1wd", at("2025-12-31T10:00"), at("2026-01-06T00:00"), "2026-01-05", "01/01 to 04/01 closed, 02/01 swapped"),
    ("1wd", at("2026-08-21T10:00"), at("2026-08-23T00:00"), "2026-08-22", "Saturday 22/08 is worked for 31/08"),
    ("1wd", at("2026-08-28T10:00"), at("2026-09-04T00:00"), "2026-09-03", "29/08 to 02/09 closed"),
    ("1wd", at("2026-04-24T10:00"), at("2026-04-29T00:00"), "2026-04-28", "Gio To on Sunday: Monday 27/04 off"),
    ("2wd", at("2026-04-28T10:00"), at("2026-05-05T00:00"), "2026-05-04", "29/04, then 30/04 to 03/05 closed"),
    ("1wd", at("2025-04-25T10:00"), at("2025-04-27T00:00"), "2025-04-26", "Saturday 26/04 is worked for 02/05"),
    ("2wd", at("2025-04-29T10:00"), at("2025-05-07T00:00"), "2025-05-06", "30/04 to 04/05 closed"),
    ("1wd", at("2024-02-07T10:00"), at("2024-02-16T00:00"), "2024-02-15", "Tet 08..14/02/2024"),
    ("2wd", at("2024-05-02T10:00"), at("2024-05-05T00:00"), "2024-05-04", "Saturday 04/05 is worked for 29/04"),
    ("1wd", at("2023-04-28T10:00"), at("2023-05-05T00:00"), "2023-05-04", "Gio To, 30/04, 01/05 and two days in lieu"),
    ("1wd", at("2023-08-31T10:00"), at("2023-09-06T00:00"), "2023-09-05", "01/09 to 04/09 closed"),
    ("1wd", at("2023-01-19T10:00"), at("2023-01-28T00:00"), "2023-01-27", "Tet 20..26/01/2023"),
    ("1wd", at("2022-01-28T10:00"), at("2022-02-08T00:00"), "2022-02-07", "Tet 29/01..06/02/2022"),
    ("1wd", at("2021-12-31T10:00"), at("2022-01-05T00:00"), "2022-01-04", "01/01/2022 was a Saturday: Monday off"),
    ("1wd", at("2021-09-01T10:00"), at("2021-09-07T00:00"), "2021-09-06", "two days for the National Day since 2021"),
    ("1wd", at("2020-09-01T10:00"), at("2020-09-04T00:00"), "2020-09-03", "one day for the National Day before 2021"),
    ("1wd", at("2019-01-04T10:00"), at("2019-01-06T00:00"), "2019-01-05", "Saturday is worked for 31/12/2018"),
    ("1wd", at("2018-12-28T10:00"), at("2019-01-03T00:00"), "2019-01-02", "31/12 and 01/01 closed"),
    ("1wd", at("2019-04-26T10:00"), at("2019-05-03T00:00"), "2019-05-02", "27/04 to 01/05 closed"),
    ("2wd", at("2019-05-02T10:00"), at("2019-05-05T00:00"), "2019-05-04", "Saturday 04/05 is worked for 29/04"),
    ("1wd", at("2017-04-28T10:00"), at("2017-05-04T00:00"), "2017-05-03", "29/04 to 02/05 closed"),
    ("1wd", at("2016-02-05T10:00"), at("2016-02-16T00:00"), "2016-02-15", "Tet 06..14/02/2016"),
    ("1wd", at("2016-04-29T10:00"), at("2016-05-05T00:00"), "2016-05-04", "30/04 and 01/05 on a weekend: two days in lieu"),
    ("1wd", at("2027-02-04T10:00"), at("2027-02-12T00:00"), "2027-02-11", "the statutory minimum: 05, 08, 09, 10 off"),
    ("7wd", at("2026-12-24T10:00"), at("2027-01-06T00:00"), "2027-01-05", "25, 28..31, then 04, 05 January"),
    ("1wd", at("2027-12-31T10:00"), "missing 2028", "-", "nobody has entered 2028"),
    ("5wd", at("2027-12-27T10:00"), "missing 2028", "-", "four days fit into 2027"),
    ("4wd", at("2027-12-27T10:00"), at("2028-01-01T00:00"), "2027-12-31", "28, 29, 30, 31: 2028 is not asked"),
    ("0wd", at("2028-01-03T10:00"), "missing 2028", "-", "not even the day itself is known"),
    ("1wd", at("2015-12-30T10:00"), "missing 2015", "-", "31/12/2015 is not known"),
    ("1wd", at("2015-12-31T10:00"), at("2016-01-05T00:00"), "2016-01-04", "01/01 off, weekend; 2015 itself is not asked"),
    # before and by
    ("before 11-15", at("2026-11-01T08:00"), at("2026-11-15T00:00"), "2026-11-14", "before 15/11: the last good day is 14/11"),
    ("before 11-15", at("2026-11-14T23:59"), at("2026-11-15T00:00"), "2026-11-14", "the last minute"),
    ("before 11-15", at("2026-11-15T00:00"), at("2027-11-15T00:00"), "2027-11-14", "too late for this year"),
    ("before 11-15", "2026-11-14T16:59:59Z", at("2026-11-15T00:00"), "2026-11-14", "a second before midnight in Viet Nam"),
    ("before 11-15", "2026-11-14T17:00:00Z", at("2027-11-15T00:00"), "2027-11-14", "midnight in Viet Nam"),
    ("before 11-15", "2026-11-14", at("2026-11-15T00:00"), "2026-11-14", "date only, on the last good day"),
    ("by 11-15", at("2026-11-01T08:00"), at("2026-11-16T00:00"), "2026-11-15", "by 15/11: the day is included, even a Sunday"),
    ("by 11-15", at("2026-11-15T23:59"), at("2026-11-16T00:00"), "2026-11-15", "the last minute"),
    ("by 11-15", at("2026-11-16T00:00"), at("2027-11-16T00:00"), "2027-11-15", "too late for this year"),
    ("before 01-01", at("2026-07-01T08:00"), at("2027-01-01T00:00"), "2026-12-31", "before new year is the old year"),
    ("before 01-01", at("2026-12-31T23:00"), at("2027-01-01T00:00"), "2026-12-31", "the last day of the year"),
    ("before 01-01", at("2027-01-01T00:00"), at("2028-01-01T00:00"), "2027-12-31", "the next one"),
    ("by 12-31", at("2026-12-31T23:00"), at("2027-01-01T00:00"), "2026-12-31", "the same end, said inclusively"),
    ("by 01-01", at("2026-12-31T23:00"), at("2027-01-02T00:00"), "2027-01-01", "new year's day itself"),
    ("before 03-01", at("2028-01-10T08:00"), at("2028-03-01T00:00"), "2028-02-29", "leap year"),
    ("before 03-01", at("2027-01-10T08:00"), at("2027-03-01T00:00"), "2027-02-28", "no leap year"),
    ("before 02-29", at("2028-01-10T08:00"), at("2028-02-29T00:00"), "2028-02-28", "leap year"),
    ("before 02-29", at("2027-01-10T08:00"), at("2027-03-01T00:00"), "2027-02-28", "29/02 is not there: the last day of February"),
    ("by 02-29", at("2028-01-10T08:00"), at("2028-03-01T00:00"), "2028-02-29", "leap year"),
    ("by 02-29", at("2027-01-10T08:00"), at("2027-03-01T00:00"), "2027-02-28", "29/02 is not there: the last day of February"),
    ("before 06-20", at("2026-06-19T23:59"), at("2026-06-20T00:00"), "2026-06-19", "six-month report"),
    ("before 12-15", at("2026-01-01T00:00"), at("2026-12-15T00:00"), "2026-12-14", "yearly report of the old rules"),
    ("before 12-20", at("2026-08-19T00:00"), at("2026-12-20T00:00"), "2026-12-19", "unit to owner, a Saturday"),
    ("before 12-25", at("2026-12-20T00:00"), at("2026-12-25T00:00"), "2026-12-24", "owner to ministry"),
    # ends of periods
    ("end P1W", at("2026-11-24T10:00"), at("2026-11-30T00:00"), "2026-11-29", "weeks end on Sunday"),
    ("end P1W", at("2026-12-31T10:00"), at("2027-01-04T00:00"), "2027-01-03", "a week over new year"),
    ("end P1M", at("2028-02-01T10:00"), at("2028-03-01T00:00"), "2028-02-29", "leap February"),
    ("end P1M", at("2027-02-01T10:00"), at("2027-03-01T00:00"), "2027-02-28", "February"),
    ("end P3M", at("2026-08-15T10:00"), at("2026-10-01T00:00"), "2026-09-30", "third quarter"),
    ("end P3M", "2026-09-30T17:00:00Z", at("2027-01-01T00:00"), "2026-12-31", "already October in Viet Nam"),
    ("end P6M", at("2026-06-30T23:59"), at("2026-07-01T00:00"), "2026-06-30", "first half year"),
    ("end P6M", at("2026-07-01T00:00"), at("2027-01-01T00:00"), "2026-12-31", "second half year"),
    ("end P1Y", at("2026-01-01T00:00"), at("2027-01-01T00:00"), "2026-12-31", "year"),
    ("period P1W", at("2027-01-01T10:00"), "2026-W53", "2027-01-03", "a week belongs to the year of its Thursday"),
    ("period P1W", at("2024-12-30T10:00"), "2025-W01", "2025-01-05", "Monday 30/12 begins week 1"),
    ("period P1W", at("2021-01-03T10:00"), "2020-W53", "2021-01-03", "2020 has 53 weeks"),
    ("period P1W", at("2022-01-01T10:00"), "2021-W52", "2022-01-02", "2021 has 52"),
    ("period P1W", "2026-11-29T17:00:00Z", "2026-W49", "2026-12-06", "Monday in Viet Nam while UTC says Sunday"),
    ("period P3M", "2026-12-31T16:59:59Z", "2026-Q4", "2026-12-31", "a second before the new year"),
    ("period P3M", "2026-12-31T17:00:00Z", "2027-Q1", "2027-03-31", "new year"),
    ("period P6M", "2026-06-30T17:00:00Z", "2026-H2", "2026-12-31", "1 July in Viet Nam"),
    ("period P1M", "2028-02-29T16:59:59Z", "2028-02", "2028-02-29", "leap day"),
    ("window P1Y", "2026-11-24", "2025-12-15..2026-12-14", "-", "figures of a year close on 14/12"),
    ("window P6M", "2026-03-01", "2025-12-15..2026-06-14", "-", "first half year"),
    ("window P6M", "2026-09-01", "2026-06-15..2026-12-14", "-", "second half year"),
    ("window P3M", "2026-01-10", "2025-12-15..2026-03-14", "-", "first quarter reaches into the old year"),
    ("window P1M", "2026-03-10", "2026-02-15..2026-03-14", "-", "month"),
    # late or in time
    ("late 24h", at("2026-11-24T08:00") + " done " + at("2026-11-25T08:00"), "in time", "-", "exactly 24 hours are within 24 hours"),
    ("late 24h", at("2026-11-24T08:00") + " done 2026-11-25T08:00:01+07:00", "late", "-", "a second more is not"),
    ("late 5d", at("2026-11-24T08:00") + " done 2026-11-29T23:59:59+07:00", "in time", "-", "the last second"),
    ("late 5d", at("2026-11-24T08:00") + " done " + at("2026-11-30T00:00"), "late", "-", "midnight is the next day"),
    ("late before 11-15", at("2026-11-01T08:00") + " done 2026-11-14T23:59:59+07:00", "in time", "-", "14/11 is good"),
    ("late before 11-15", at("2026-11-01T08:00") + " done " + at("2026-11-15T00:00"), "late", "-", "15/11 is not"),
    ("late by 11-15", at("2026-11-01T08:00") + " done " + at("2026-11-15T12:00"), "in time", "-", "by 15/11: it is"),
    ("late 5wd", at("2026-02-13T10:00") + " done " + at("2026-02-27T20:00"), "in time", "-", "the day counts to its end, not to closing time"),
    # counting working days: (from, to]
    ("workdays", "2026-02-13..2026-02-23", "1", "-", "over Tet only the 23rd is worked"),
    ("workdays", "2026-01-07..2026-01-12", "4", "-", "8, 9, Saturday 10, 12"),
    ("workdays", "2026-11-24..2026-11-24", "0", "-", "the day of the start is not counted"),
    ("workdays", "2026-11-24..2026-11-20", "0", "-", "backwards"),
    ("workdays", "2025-12-31..2026-12-31", "250", "-", "2026: 261 weekdays, 13 of them off, 2 Saturdays worked"),
    # two regimes and the gap between them
    ("regime incident_notice", at("2026-06-30T23:59"), "VN-LEGACY " + at("2026-07-06T00:00"), "2026-07-05", "began under the old rule: keeps its five days"),
    ("regime incident_notice", "2026-06-30T16:59:59Z", "VN-LEGACY " + at("2026-07-06T00:00"), "2026-07-05", "last second of 30/06 in Viet Nam"),
    ("regime incident_notice", "2026-06-30T17:00:00Z", "VN-GAP -", "-", "1 July in Viet Nam: no clock in the gap"),
    ("regime incident_notice", at("2026-07-01T00:00"), "VN-GAP -", "-", "first instant of the gap"),
    ("regime incident_notice", at("2026-08-18T23:59"), "VN-GAP -", "-", "last minute of the gap"),
    ("regime incident_notice", at("2026-08-19T00:00"), "VN-2026 " + at("2026-08-20T00:00"), "2026-08-19", "first instant of the new rule"),
    ("regime incident_notice", at("2026-11-24T08:00"), "VN-2026 " + at("2026-11-25T08:00"), "2026-11-25", "today's rule"),
    ("regime incident_notice", at("2017-10-31T23:59"), "-", "-", "before the first rule"),
    ("regime incident_notice", at("2017-11-01T00:00"), "VN-LEGACY " + at("2017-11-07T00:00"), "2017-11-06", "first day of the first rule"),
    ("regime incident_report", at("2026-06-30T10:00"), "VN-LEGACY -", "-", "the old rule gives no hours for the final report"),
    ("regime incident_report", at("2026-08-19T10:00"), "VN-2026 " + at("2026-08-22T10:00"), "2026-08-22", "72 hours"),
    ("regime personal_data_notice", at("2025-12-31T23:00"), "-", "-", "not in force yet"),
    ("regime personal_data_notice", at("2026-01-01T00:00"), "VN-PDPL " + at("2026-01-04T00:00"), "2026-01-03", "in force through the gap of the other rules"),
    ("regime personal_data_notice", at("2026-07-10T09:00"), "VN-PDPL " + at("2026-07-13T09:00"), "2026-07-13", "runs beside the gap"),
    ("regime yearly_report", at("2025-03-01T00:00"), "VN-LEGACY " + at("2025-12-15T00:00"), "2025-12-14", "old rule, old date"),
    ("regime yearly_report", "2025-12-15", "VN-2026 " + at("2026-12-20T00:00"), "2026-12-19", "the period of 2026 began under the old rule and is due under the new one"),
    ("regime yearly_report", at("2026-07-15T00:00"), "VN-2026 " + at("2026-12-20T00:00"), "2026-12-19", "asked in the gap"),
    ("regime yearly_report", at("2026-12-19T23:00"), "VN-2026 " + at("2026-12-20T00:00"), "2026-12-19", "the last evening"),
    ("regime yearly_report", at("2026-12-20T00:00"), "VN-2026 " + at("2027-12-20T00:00"), "2027-12-19", "the next year"),
    ("regime yearly_report_owner", at("2026-12-20T00:00"), "VN-2026 " + at("2026-12-25T00:00"), "2026-12-24", "owner to ministry"),
    ("regime yearly_report_owner", at("2026-03-01T00:00"), "VN-2026 " + at("2026-12-25T00:00"), "2026-12-24", "asked before the rule was there"),
    ("regime half_year_report", at("2026-06-01T00:00"), "VN-LEGACY " + at("2026-06-20T00:00"), "2026-06-19", "the last one"),
    ("regime half_year_report", at("2026-06-20T00:00"), "-", "-", "the next one would fall after the rule ended"),
]


def families():
    """What repeats every year, with dates that move."""
    for year in YEARS:
        new_year, first = dt.date(year, 1, 1), tet(year)
        for count, back in ((1, 3), (5, 2), (10, 12), (3, 1)):
            yield f"{count}wd", (first - back * DAY).isoformat(), f"{back} days before Tet {year}"
        yield "1wd", at(f"{first}T10:00"), f"on the first day of Tet {year}"
        yield "2wd", at(f"{year}-04-28T15:00"), f"before 30/04/{year}"
        yield "1wd", at(f"{year}-09-01T00:00"), f"before or on the eve of the National Day {year}"
        yield "3wd", (gio_to(year) - DAY).isoformat(), f"eve of Gio To {year}"
        yield "7wd", at(f"{year}-08-26T08:00"), f"over the National Day {year}"
        if year > YEARS[0]:
            yield "2wd", at(f"{year - 1}-12-31T16:00"), f"over new year {year}"
            yield "1wd", (new_year - 2 * DAY).isoformat(), f"two days before new year {year}"
        yield "before 11-15", at(f"{year}-03-01T00:00"), f"yearly report {year}"
        yield "end P1M", f"{year}-02-10", f"February {year}"
        yield "30d", at(f"{year}-01-30T09:00"), f"over February {year}"
        yield "period P1W", at(f"{year}-01-01T12:00"), f"ISO week of new year {year}"
        yield "period P1W", at(f"{year}-12-31T12:00"), f"ISO week of the last day of {year}"
        yield "workdays", f"{year - 1}-12-31..{year}-12-31" if year > YEARS[0] else f"{year}-01-01..{year}-12-31", f"working days of {year}"
    for month in range(1, 13):
        yield "end P3M", at(f"2026-{month:02}-15T12:00"), f"quarter of month {month}"
        yield "period P6M", at(f"2027-{month:02}-01T00:00"), f"half year of month {month}"
        yield "end P1M", f"2028-{month:02}-01", f"end of month {month} in a leap year"
        yield "window P3M", f"2026-{month:02}-01", f"figures of the quarter of month {month}"
    for hour in range(0, 24, 3):
        yield "24h", at(f"2026-11-24T{hour:02}:00"), f"at {hour} o'clock"
        yield "5d", f"2026-11-24T{hour:02}:30:00Z", f"{hour}:30 in UTC"
        yield "2wd", f"2026-11-27T{hour:02}:30:00Z", f"Friday {hour}:30 in UTC"


def table():
    rows, seen, wrong = [], set(), 0
    for rule, start, when, last, note in HAND:
        computed = answer(rule, start)
        if computed != (when, last):
            print(f"by hand {rule} from {start}: {when} {last}; computed: {computed}", file=sys.stderr)
            wrong += 1
        rows.append((rule, start, when, last, note))
        seen.add((rule, start))
    for rule, start, note in families():
        if (rule, start) not in seen:
            seen.add((rule, start))
            rows.append((rule, start, *answer(rule, start), note))
    if wrong:
        sys.exit(f"{wrong} cases differ")
    head = ["# Golden deadlines. Columns, separated by tabs: rule, start, due, last good day, note. Read by",
            "# src/comply/deadline_test.cpp with the holidays and regimes of packs/base. Written by",
            "# tools/calendar_golden.py, which knows nothing of the program; the first "
            f"{len(HAND)} cases are by hand."]
    return "\n".join(head + ["\t".join(row) for row in rows]) + "\n", len(rows)


def yaml_days(key):
    """Days under `key` in the pack's calendar, in whichever YAML form it has them."""
    out, mine = set(), False
    for line in YAML.read_text(encoding="utf-8").splitlines():
        line = line.split("#")[0]
        if match := re.match(r"\s*(?:- )?([a-z_]+):", line):
            mine = match[1] == key
        if mine:
            out |= set(re.findall(r'"(\d{4}-\d\d-\d\d)"', line))
    return out


def main():
    assert [tet(year).isoformat() for year in YEARS] == TET_KNOWN, [tet(year).isoformat() for year in YEARS]
    assert [gio_to(year).isoformat() for year in YEARS] == GIO_TO_KNOWN, [gio_to(year).isoformat() for year in YEARS]
    errors = []
    for key, mine in (("holidays", HOLIDAYS), ("extra_working_days", EXTRA)):
        theirs, mine = yaml_days(key), {day.isoformat() for day in mine}
        if mine != theirs:
            errors.append(f"{YAML.name}: {key}: only derived {sorted(mine - theirs)}, only written {sorted(theirs - mine)}")
    text, count = table()
    if "--check" not in sys.argv:
        TABLE.write_text(text, encoding="utf-8")
    elif not TABLE.exists() or TABLE.read_text(encoding="utf-8") != text:
        errors.append(f"{TABLE.name} is not what this script writes")
    for error in errors:
        print(error)
    print(f"calendar_golden: {count} cases, {len(HAND)} by hand, {len(errors)} errors")
    return 1 if errors else 0


sys.exit(main())
