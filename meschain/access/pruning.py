"""Forgets what let somebody in and has long ended: sessions, refresh tokens, links. That they were, the log keeps."""

from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select, union_all

from meschain.access.context import Access
from meschain.access.tables import Link, RefreshToken, UserSession
from meschain.store.session import reading, transaction

KEEP = timedelta(days=30)
"""For so long a person can still see what has ended."""


def prune(access: Access, now: datetime) -> int:
    """Delete what ended more than thirty days ago; gives the number of sessions and links."""
    before = now - KEEP
    sessions = or_(UserSession.expires_at < before, UserSession.revoked_at < before)
    # An invitation stays: by it the person is found, should it ask to be erased.
    links = and_(or_(Link.expires_at < before, Link.used_at < before), Link.email_token.is_(None))
    with reading(access.everywhere) as session:  # a writer would hold others up, and mostly there is nothing to do
        old = union_all(select(UserSession.id).where(sessions), select(Link.id).where(links)).limit(1)
        if session.execute(old).first() is None:
            return 0
    with transaction(access.everywhere) as session:
        over = select(UserSession.id).where(sessions)
        session.execute(delete(RefreshToken).where(RefreshToken.session_id.in_(over)))
        gone = [*session.scalars(delete(UserSession).where(sessions).returning(UserSession.id))]
        gone += session.scalars(delete(Link).where(links).returning(Link.id))
    return len(gone)
