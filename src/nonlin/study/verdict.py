"""The result of a comparison in at most three sentences: what to do, what is known, what it would take to know more.

Nothing is claimed beyond what the tests support, and no size is told of an arm whose runs failed: failures count as
the worst score there is to see, which makes a verdict but measures nothing.
"""

from __future__ import annotations

from math import isfinite, isnan

from nonlin.study.numbers import listing
from nonlin.study.ranking import Standing
from nonlin.study.wording import Wording

# A forecast of more repeats than this is not worth printing: nobody will make them.
_MOST_REPEATS = 200

Groups = dict[str, list[Standing]]


def sentence(standings: list[Standing], wording: Wording) -> str:
    """The verdict on all arms, the decision first."""
    reference = next(entry for entry in standings if entry.verdict == "reference")
    others = sorted((entry for entry in standings if entry is not reference), key=lambda entry: -entry.score)
    if not isfinite(reference.score):
        return f"Every run of every arm diverged, so nothing can be said about these {wording.things(len(standings))}."
    if wording.repeats < 2:
        sentences = _single_repeat(reference, others, wording)
    elif _useless(standings, wording):
        sentences = _no_use(reference, others, wording)
    else:
        groups = _groups(others, wording)
        better = groups["better"]
        sentences = (_use if better else _stay)(reference, others, groups, wording)
    # Names keep their case: only a sentence that begins with a word of ours gets a capital.
    return " ".join(f"{'O' + text[1:] if text.startswith('only ') else text}." for text in sentences if text)


def _groups(others: list[Standing], wording: Wording) -> Groups:
    """The arms by what is known of them; those with failed runs are told apart, unless they are better even so."""
    told = [entry for entry in others if entry.verdict == "better" or wording.measured(entry)]
    undecided = [entry for entry in told if entry.verdict == "not enough evidence"]
    apart = [entry for entry in undecided if entry.p_value < wording.alpha]
    groups = {name: [e for e in told if e.verdict == name] for name in ("better", "practically equal", "worse")}
    return groups | {"apart": apart, "undecided": [entry for entry in undecided if entry not in apart]}


def _single_repeat(reference: Standing, others: list[Standing], wording: Wording) -> list[str]:
    told = (
        f"With a single repeat the variation between repeats cannot be estimated, so nothing can be claimed against "
        f"{wording.name(reference.arm)}; compare with at least 2 repeats, better 5"
    )
    entries = [reference, *others]
    # Seen, not claimed: a score without an interval says nothing of other data.
    lead = ""
    if all(entry.score <= wording.baseline for entry in entries):
        lead = f"None of these {wording.things(len(entries))} scores better than guessing ({wording.guessing})"
    return [told, "; ".join(filter(None, [lead, _failures(entries, wording)]))]


def _useless(standings: list[Standing], wording: Wording) -> bool:
    return not isnan(wording.baseline) and not any(entry.low > wording.baseline for entry in standings)


def _no_use(reference: Standing, others: list[Standing], wording: Wording) -> list[str]:
    groups, name = _groups(others, wording), wording.name(reference.arm)
    lead = (
        f"None of these {wording.things(len(others) + 1)} predicts better than guessing ({wording.guessing}): the "
        "columns, the data or the model need work before it matters which is used"
    )
    better = groups["better"]
    known = [f"{_are(better, wording)} better than {name}{_most(better, reference, wording)}"] if better else []
    known += [*_known(groups, reference, name, wording), _failures([reference, *others], wording)]
    return [lead, "; ".join(filter(None, known))]


def _use(reference: Standing, others: list[Standing], groups: Groups, wording: Wording) -> list[str]:
    """At least one arm is better: use the one with the highest score, unless it too only guesses."""
    better, name = groups["better"], wording.name(reference.arm)
    best, rest = better[0], better[1:]
    fit = isnan(wording.baseline) or best.low > wording.baseline
    use = f"Use {wording.name(best.arm)}" if fit else "No choice can be made yet"
    if rest:
        highest = f"highest of the {wording.things(len(better))} that are better than {name}"
        use += f", which scores {highest}" if fit else f" ({wording.name(best.arm)} scores {highest})"
    if wording.measured(best, reference):
        whose = "its" if fit else f"{wording.name(best.arm)}'s"
        effect = f"{wording.size(best)} ({wording.interval(best)})"
        reason = f"{whose} {wording.measure.name} is {wording.direction(best)} than {name}'s by {effect}"
    else:
        reason = f"{'it' if fit else wording.name(best.arm)} is better than {name}"
    known = [_also(rest, reference, wording)] if rest else []
    known += [*_known(groups, reference, name, wording), *_notes(reference, others, wording)]
    return [f"{use}: {reason} on {wording.rows}", "; ".join(known), _forecast(groups, reference, wording)]


def _also(rest: list[Standing], reference: Standing, wording: Wording) -> str:
    """The arms that are better too, with the size of each difference."""
    told = [
        wording.name(entry.arm) + (f" (by {wording.size(entry)})" if wording.measured(entry, reference) else "")
        for entry in rest
    ]
    verb = "is" if len(rest) == 1 else "are"
    return f"{listing(told)} {verb} better too, but the better ones were not compared with each other"


def _stay(reference: Standing, others: list[Standing], groups: Groups, wording: Wording) -> list[str]:
    """No arm is better: keep the reference, unless it is one that only guesses."""
    name, count = wording.name(reference.arm), len(others)
    fit = isnan(wording.baseline) or reference.low > wording.baseline
    choice, it = (f"Stay with {name}", "it") if fit else ("No choice can be made yet", name)
    known = _known(groups, reference, it, wording)
    if len(groups["practically equal"]) == count:
        arms = _are(others, wording) if count <= 3 else f"the {wording.things(count, 'other')} are"
        reason = (
            f"{arms} practically equal to {it} on {wording.rows}, no difference being larger than {wording.matters}"
        )
        known = []
    elif len(groups["undecided"]) == count:
        reason = f"the data ({wording.examples} rows) cannot tell the {wording.things(count + 1)} apart, as no "
        reason += f"difference from {name} is larger than its uncertainty"
        known = []
    elif count == 1 and known:
        reason, known = f"{known[0]} on {wording.rows}", []
    else:
        than = "" if fit else f" than {name}"
        whom = wording.name(others[0].arm) if count == 1 else f"none of the {wording.things(count, 'other')}"
        reason = f"{whom} was {'not ' if count == 1 else ''}shown to be better{than} on {wording.rows}"
    known += _notes(reference, others, wording)
    return [f"{choice}: {reason}", "; ".join(known), _forecast(groups, reference, wording)]


def _known(groups: Groups, reference: Standing, it: str, wording: Wording) -> list[str]:
    """What is known of the arms that are not better, a clause each group; `it` is the reference."""
    clauses, than = [], "" if it == "it" else f" than {it}"
    if equal := groups["practically equal"]:
        clauses.append(f"{_are(equal, wording)} practically equal to {it}")
    if worse := groups["worse"]:
        clauses.append(f"{_are(worse, wording)} worse{than}{_most(worse, reference, wording)}")
    if apart := groups["apart"]:
        verb = "differs" if len(apart) == 1 else "differ"
        but = f"but perhaps by no more than matters in practice ({wording.matters})"
        clauses.append(f"{wording.names(apart)} {verb} from {it}, {but}")
    if undecided := groups["undecided"]:
        clauses.append(f"{wording.names(undecided)} cannot be told apart from {it}")
    return clauses


def _most(entries: list[Standing], reference: Standing, wording: Wording) -> str:
    """The size of the only difference or the largest."""
    if not wording.measured(reference):
        return ""
    far = max(filter(wording.measured, entries), key=lambda entry: abs(entry.difference), default=None)
    if far is None:
        return ""
    which = f", most of all {wording.name(far.arm)}" if len(entries) > 1 else ""
    quantity, direction = wording.measure.name, wording.direction(far)
    return f"{which}, its {quantity} {direction} by {wording.size(far)} ({wording.interval(far)})"


def _forecast(groups: Groups, reference: Standing, wording: Wording) -> str:
    """How the largest difference that is not settled could be."""
    open_ones = groups["undecided"] + groups["apart"]
    if not open_ones or not wording.measured(reference):
        return ""
    entry = max(open_ones, key=lambda entry: abs(entry.difference))
    size = f"{wording.measure.name} {wording.direction(entry)} by {wording.size(entry)}"
    whose = f"{wording.name(entry.arm)}'s ({size})"
    subject = f"The difference, {whose}," if len(open_ones) == 1 else f"The largest unsettled difference, {whose},"
    needed = entry.repeats_needed
    if needed is None or needed > _MOST_REPEATS:
        return f"{subject} would need more data (more repeats will not settle it)"
    return f"{subject} would need about {max(needed, wording.repeats + 1)} repeats to be settled"


def _notes(reference: Standing, others: list[Standing], wording: Wording) -> list[str]:
    """Which arms do no better than guessing, and which failed."""
    entries = [reference, *others]
    notes = []
    if not isnan(wording.baseline):
        poor = [entry for entry in entries if not entry.low > wording.baseline and wording.measured(entry)]
        good = [entry for entry in entries if entry.low > wording.baseline]
        if poor and len(poor) <= len(good):
            verb = "does" if len(poor) == 1 else "do"
            notes.append(f"{wording.names(poor)} {verb} not predict better than guessing ({wording.guessing})")
        elif poor:
            verb = "predicts" if len(good) == 1 else "predict"
            notes.append(f"only {wording.names(good)} {verb} better than guessing ({wording.guessing})")
    failures = _failures(entries, wording)
    return [*notes, failures] if failures else notes


def _failures(entries: list[Standing], wording: Wording) -> str:
    per_arm = wording.repeats * wording.folds
    counts = {entry.arm: wording.diverged.get(entry.arm, 0) for entry in entries}
    told = [f"{wording.name(arm)} diverged in {count} of {per_arm} runs" for arm, count in counts.items() if count]
    return listing(told)


def _are(entries: list[Standing], wording: Wording) -> str:
    return f"{wording.names(entries)} {'is' if len(entries) == 1 else 'are'}"
