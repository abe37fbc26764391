"""The policy: which probabilities are approved, which declined, and which a person looks at."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sqlalchemy import Connection, RowMapping, func, insert, select

from loanbook.book import Economics, PolicySettings
from loanbook.errors import BookError, RegistryError
from loanbook.evaluation.economics import break_even
from loanbook.registry import clock
from loanbook.registry.store import Store
from loanbook.registry.tables import policies

Verdict = Literal["approve", "refer", "decline"]
VERDICTS: tuple[Verdict, ...] = ("approve", "refer", "decline")


@dataclass(frozen=True, slots=True)
class Policy:
    """Cut-offs on the probability of default.

    Parameters
    ----------
    approve_below : approved when the probability is smaller.
    decline_from : declined when it is as large or larger; between the two a person looks. Equal cut-offs leave
        nothing to look at.
    version : number in the store; 0 before it is stored.
    source : how the cut-offs came about, in words.

    >>> Policy(0.1, 0.3).decide(0.2)
    'refer'
    >>> Policy(0.1, 0.3).decide_many(np.array([0.05, 0.1, 0.3])).tolist()
    ['approve', 'refer', 'decline']
    """

    approve_below: float
    decline_from: float
    version: int = 0
    source: str = "cut-offs of the book"

    def __post_init__(self) -> None:
        if not 0.0 <= self.approve_below <= self.decline_from <= 1.0:
            raise BookError(
                f"the cut-offs must be 0 <= approve_below <= decline_from <= 1; they are {self.approve_below:g} and "
                f"{self.decline_from:g}",
                where="[policy]",
                todo="correct them in the book",
            )

    def decide(self, probability: float) -> Verdict:
        """The decision for one probability of default."""
        if probability < self.approve_below:
            return "approve"
        return "decline" if probability >= self.decline_from else "refer"

    def decide_many(self, probability: ArrayLike) -> NDArray[np.object_]:
        """The decision for each of (n,) probabilities; None where it is NaN."""
        p = np.asarray(probability, np.float64)
        place = (p >= self.approve_below).astype(np.intp) + (p >= self.decline_from)
        found: NDArray[np.object_] = np.array(VERDICTS, np.object_)[place]
        found[np.isnan(p)] = None
        return found

    def refer_between(self, low: float, high: float, why: str) -> Policy:
        """Approve and decline no more than this policy does, and refer everything from `low` to below `high`.

        A loan is approved where both the policy approves and it lies below `low`, declined where the policy declines
        and it lies at `high` or above, and referred else. So a safer loan is still never treated worse than a riskier
        one, and the result is a pair of cut-offs again.

        >>> Policy(0.15, 0.15).refer_between(0.06, 0.38, "unsure")
        Policy(approve_below=0.06, decline_from=0.38, version=0, source='cut-offs of the book, unsure')
        """
        approve_below, decline_from = min(self.approve_below, low), max(self.decline_from, high)
        return Policy(approve_below, decline_from, 0, f"{self.source}, {why}")

    @classmethod
    def settle(cls, settings: PolicySettings, economics: Economics, probabilities: ArrayLike = ()) -> Policy:
        """Turn what the book wants into cut-offs.

        Parameters
        ----------
        settings : cut-offs, or a share to approve, or the objective "profit".
        economics : what a good loan earns and a bad one costs, as shares of the amount.
        probabilities : (n,) calibrated, out-of-fold probabilities of the training rows; needed for a share.

        Notes
        -----
        A share r approves at most that share: the cut-off is the probability that floor(r n) rows lie below, and
        rows that tie with it are not approved. For profit a loan is approved while its expected gain,
        (1 - p) margin - p loss_given_default of its amount, is positive: p < margin / (margin + loss_given_default).
        What a person's look would change is not known without reviews on record, so neither way refers anyone
        unless the book says where declining starts.
        """
        if settings.approve_below is not None:
            approve_below, source = float(settings.approve_below), "cut-offs of the book"
        elif settings.approval_rate is not None:
            approve_below = _share_cutoff(settings.approval_rate, np.asarray(probabilities, np.float64))
            source = f"approves {settings.approval_rate:.4g} of loans like those of the training"
        else:
            approve_below, source = break_even(economics), "highest expected profit"
        declines = settings.decline_from
        return cls(approve_below, approve_below if declines is None else max(declines, approve_below), 0, source)


def _share_cutoff(share: float, probabilities: NDArray[np.float64]) -> float:
    known = np.sort(probabilities[~np.isnan(probabilities)])
    if not len(known):
        raise BookError(
            "an approval rate needs the probabilities of the training, and this model keeps none",
            where="[policy] approval_rate",
            todo="train again, or give approve_below",
        )
    place = int(np.floor(share * len(known) + 1e-9))
    return 1.0 if place >= len(known) else float(known[place])


class Policies:
    """The policies of a use case, numbered from 1 in the order in which they came into force.

    Parameters
    ----------
    store, usecase : where, and of what.
    """

    def __init__(self, store: Store, usecase: str) -> None:
        self.store = store
        self.usecase = usecase

    def keep(self, policy: Policy, *, settings: PolicySettings, economics: Economics, model_version: int) -> Policy:
        """Store a policy, or find it when an identical one is there, and return it with its number."""
        wanted = json.dumps({"policy": _said(settings), "economics": asdict(economics)}, sort_keys=True)
        digest = _digest(policy, wanted, model_version)
        with self.store.reading() as connection:
            found = self._by_digest(connection, digest)
        if found is None:
            with self.store.writing_alone(f"policies of {self.usecase}") as connection:
                found = self._by_digest(connection, digest) or self._insert(
                    connection, policy, wanted, model_version, digest
                )
        return found

    def load(self, version: int) -> Policy:
        """A policy as it was when it decided; RegistryError when it is not there or was changed since."""
        query = select(policies).where(policies.c.usecase == self.usecase, policies.c.version == version)
        with self.store.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise RegistryError(f"{self.usecase} has no policy {version}", where=self.store.where)
        policy = _policy(row)
        if _digest(policy, row["settings"], row["model_version"]) != row["digest"]:
            raise RegistryError(
                f"policy {version} of {self.usecase} is not what was written",
                where=self.store.where,
                todo="somebody changed the store; compare it with a copy",
            )
        return policy

    def _by_digest(self, connection: Connection, digest: str) -> Policy | None:
        query = select(policies).where(policies.c.usecase == self.usecase, policies.c.digest == digest)
        row = connection.execute(query).mappings().first()
        return None if row is None else _policy(row)

    def _insert(self, connection: Connection, policy: Policy, wanted: str, model_version: int, digest: str) -> Policy:
        here = policies.c.usecase == self.usecase
        last = connection.execute(select(func.max(policies.c.version)).where(here)).scalar() or 0
        row = {
            "usecase": self.usecase,
            "version": last + 1,
            "created_at": clock.now(),
            "model_version": model_version,
            "approve_below": policy.approve_below,
            "decline_from": policy.decline_from,
            "source": policy.source,
            "settings": wanted,
            "digest": digest,
        }
        connection.execute(insert(policies).values(row))
        return replace(policy, version=last + 1)


def _said(settings: PolicySettings) -> dict[str, Any]:
    """Settings as the store keeps them.

    A key that came later is left out unless it is used: a policy of an earlier release is still the same one.
    """
    said = asdict(settings)
    if said["refer_when_unsure"] is None:
        del said["refer_when_unsure"]
    return said


def _policy(row: RowMapping) -> Policy:
    return Policy(row["approve_below"], row["decline_from"], row["version"], row["source"])


def _digest(policy: Policy, wanted: str, model_version: int) -> str:
    said = [policy.approve_below, policy.decline_from, policy.source, wanted, model_version]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
