"""The report's questions, in SQL that a person can read and ask again: on SQLite and on PostgreSQL alike (R42–R45).

`:since` and `:until` are seconds since 1970. `{signals}` and `{months}` are filled with rows of their own: the signals
that are counted, and each month's name with when it began and ended. A CROSS JOIN says to SQLite which table to read
first: the few cases of the period, and then what belongs to them, where it would otherwise read every message there is.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SQL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cases": """
SELECT COUNT(*) AS opened, COUNT(*) FILTER (WHERE state = 'closed') AS closed
  FROM cases
 WHERE workspace = :workspace AND opened_at >= :since AND opened_at < :until""",
        "first_whisper": """
WITH whispers AS MATERIALIZED (
       SELECT advice.given_at - CAST(advice.message_ts AS DOUBLE PRECISION) AS seconds,
              ROW_NUMBER() OVER (PARTITION BY cases.id ORDER BY advice.given_at, advice.id) AS nth
         FROM cases
        CROSS JOIN advice
        WHERE cases.workspace = :workspace AND cases.opened_at >= :since AND cases.opened_at < :until
          AND advice.workspace = cases.workspace AND advice.case_id = cases.id
          AND NOT advice.while_paused AND advice.content NOT LIKE '{{"signals":[]%')
SELECT COUNT(*) AS cases,
       AVG(seconds) FILTER (WHERE place IN ((every + 1) / 2, (every + 2) / 2)) AS median,
       MIN(seconds) FILTER (WHERE place * 10 >= every * 9) AS nine_of_ten
  FROM (SELECT seconds, ROW_NUMBER() OVER (ORDER BY seconds) AS place, COUNT(*) OVER () AS every
          FROM whispers
         WHERE nth = 1) AS firsts""",
        "whispers": """
SELECT COUNT(*) AS shown, COUNT(*) FILTER (WHERE ratings.helpful) AS helpful,
       COUNT(*) FILTER (WHERE NOT ratings.helpful) AS unhelpful
  FROM advice
  LEFT JOIN ratings ON ratings.workspace = advice.workspace AND ratings.advice_id = advice.id
                   AND ratings.person = advice.person
 WHERE advice.workspace = :workspace AND advice.given_at >= :since AND advice.given_at < :until
   AND NOT advice.while_paused""",
        "granted": """
SELECT currency, CASE WHEN ours THEN 1 ELSE 0 END AS ours,
       COUNT(*) AS granted, SUM(COALESCE(cap, cost)) AS cost
  FROM exceptions
 WHERE workspace = :workspace AND decided_at >= :since AND decided_at < :until
   AND state IN ('approved', 'used')
 GROUP BY 1, 2
 ORDER BY 2, 3 DESC, 1""",
        "asked": """
SELECT state, COUNT(*) AS times
  FROM exceptions
 WHERE workspace = :workspace AND requested_at >= :since AND requested_at < :until
 GROUP BY state
 ORDER BY 2 DESC, 1""",
        "asked_for": """
SELECT concession, COUNT(*) AS asked, COUNT(*) FILTER (WHERE state IN ('approved', 'used')) AS granted
  FROM exceptions
 WHERE workspace = :workspace AND requested_at >= :since AND requested_at < :until
 GROUP BY concession
 ORDER BY 2 DESC, 1""",
        "asked_again": """
SELECT now.customer_id, COUNT(*) AS requests, COUNT(*) FILTER (WHERE now.state IN ('approved', 'used')) AS granted
  FROM exceptions AS now
 WHERE now.workspace = :workspace AND now.requested_at >= :since AND now.requested_at < :until
   AND EXISTS (SELECT 1 FROM exceptions AS earlier
                WHERE earlier.workspace = now.workspace AND earlier.customer_id = now.customer_id
                  AND earlier.case_id <> now.case_id AND earlier.requested_at < now.requested_at)
 GROUP BY now.customer_id
 ORDER BY 2 DESC, 1""",
        "turned_away": """
SELECT cases.customer_id, COUNT(DISTINCT cases.id) AS cases
  FROM audit
  JOIN cases ON cases.workspace = audit.workspace AND cases.id = audit.subject_id
 WHERE audit.workspace = :workspace AND audit.at >= :since AND audit.at < :until
   AND audit.subject = 'case' AND audit.move = 'at_limit'
   AND NOT EXISTS (SELECT 1 FROM exceptions
                    WHERE exceptions.workspace = cases.workspace AND exceptions.case_id = cases.id
                      AND exceptions.requested_at >= audit.at)
 GROUP BY cases.customer_id
 ORDER BY 2 DESC, 1""",
        "claims": """
SELECT state, COUNT(*) AS times
  FROM verifications
 WHERE workspace = :workspace AND asked_at >= :since AND asked_at < :until
 GROUP BY state
 ORDER BY 2 DESC, 1""",
        "opportunities": """
SELECT state, COUNT(*) AS times
  FROM opportunities
 WHERE workspace = :workspace AND opened_at >= :since AND opened_at < :until
 GROUP BY state
 ORDER BY 2 DESC, 1""",
        "sales": """
SELECT currency, COUNT(*) AS won, SUM(value) AS value, COUNT(*) FILTER (WHERE after_one) AS after_exception,
       COALESCE(SUM(value) FILTER (WHERE after_one), 0) AS value_after_exception
  FROM (SELECT currency, value,
               EXISTS (SELECT 1 FROM exceptions
                        WHERE exceptions.workspace = opportunities.workspace
                          AND exceptions.customer_id = opportunities.customer_id
                          AND exceptions.state IN ('approved', 'used')
                          AND exceptions.decided_at < opportunities.settled_at) AS after_one
          FROM opportunities
         WHERE workspace = :workspace AND state = 'won' AND settled_at >= :since AND settled_at < :until) AS won
 GROUP BY currency
 ORDER BY 2 DESC, 1""",
        "renewed": """
SELECT DISTINCT customer_id
  FROM opportunities
 WHERE workspace = :workspace AND state = 'won' AND settled_at >= :since AND settled_at < :until
   AND customer_id IS NOT NULL
 ORDER BY 1""",
        "lost": """
SELECT lost_reason AS reason, COUNT(*) AS times
  FROM opportunities
 WHERE workspace = :workspace AND state = 'lost' AND settled_at >= :since AND settled_at < :until
 GROUP BY lost_reason
 ORDER BY 2 DESC, 1""",
        "lost_words": """
SELECT lost_reason AS reason, settled_at, lost_note AS words
  FROM opportunities
 WHERE workspace = :workspace AND state = 'lost' AND settled_at >= :since AND settled_at < :until
   AND lost_note <> ''
 ORDER BY settled_at DESC, id""",
        "wanted": """
WITH heard AS MATERIALIZED (
       SELECT DISTINCT cases.customer_id, messages.case_id, messages.signals
         FROM cases
        CROSS JOIN messages
        WHERE cases.workspace = :workspace AND cases.opened_at >= :since AND cases.opened_at < :until
          AND messages.workspace = cases.workspace AND messages.case_id = cases.id
          AND messages.role = 'customer' AND messages.signals <> '[]')
SELECT shown.signal, COUNT(DISTINCT heard.case_id) AS cases
  FROM heard
  JOIN (SELECT {signals}) AS shown ON heard.signals LIKE '%"' || shown.signal || '"%'
 GROUP BY shown.signal
 ORDER BY 2 DESC, 1""",
        "came": """
SELECT customer_id, COUNT(*) AS cases
  FROM cases
 WHERE workspace = :workspace AND opened_at >= :since AND opened_at < :until AND customer_id IS NOT NULL
 GROUP BY customer_id
 ORDER BY 2 DESC, 1""",
        "wanted_by": """
WITH heard AS MATERIALIZED (
       SELECT DISTINCT cases.customer_id, messages.case_id, messages.signals
         FROM cases
        CROSS JOIN messages
        WHERE cases.workspace = :workspace AND cases.opened_at >= :since AND cases.opened_at < :until
          AND messages.workspace = cases.workspace AND messages.case_id = cases.id
          AND messages.role = 'customer' AND messages.signals <> '[]')
SELECT heard.customer_id, shown.signal, COUNT(DISTINCT heard.case_id) AS cases
  FROM heard
  JOIN (SELECT {signals}) AS shown ON heard.signals LIKE '%"' || shown.signal || '"%'
 WHERE heard.customer_id IS NOT NULL
 GROUP BY heard.customer_id, shown.signal
 ORDER BY 3 DESC, 1, 2""",
        "kept": """
SELECT COUNT(*) FILTER (WHERE state = 'kept' AND settled_at <= due_at AND moved_from IS NULL) AS in_time,
       COUNT(*) FILTER (WHERE state = 'kept' AND settled_at <= due_at AND moved_from IS NOT NULL) AS moved,
       COUNT(*) FILTER (WHERE state = 'kept' AND settled_at > due_at) AS late,
       COUNT(*) FILTER (WHERE state = 'missed') AS missed
  FROM commitments
 WHERE workspace = :workspace
   AND (state = 'kept' AND settled_at >= :since AND settled_at < :until
        OR state = 'missed' AND due_at >= :since AND due_at < :until)""",
        "followed_up": """
SELECT COUNT(*) FILTER (WHERE state = 'kept' AND settled_at <= due_at AND moved_from IS NULL) AS in_time,
       COUNT(*) FILTER (WHERE state = 'kept' AND settled_at <= due_at AND moved_from IS NOT NULL) AS moved,
       COUNT(*) FILTER (WHERE state = 'kept' AND settled_at > due_at) AS late,
       COUNT(*) FILTER (WHERE state = 'missed') AS missed
  FROM commitments
 WHERE workspace = :workspace
   AND (state = 'kept' AND settled_at >= :since AND settled_at < :until
        OR state = 'missed' AND due_at >= :since AND due_at < :until)
   AND EXISTS (SELECT 1 FROM opportunities
                WHERE opportunities.workspace = commitments.workspace
                  AND opportunities.case_id = commitments.case_id
                  AND opportunities.state = 'won' AND opportunities.settled_at <= commitments.made_at)""",
        "asked_after": """
SELECT COUNT(*) AS closed, COUNT(*) FILTER (WHERE next IN ('agent', 'supervisor', 'sales')) AS asked_after
  FROM (SELECT (SELECT messages.role FROM messages
                 WHERE messages.workspace = closing.workspace AND messages.case_id = closing.case_id
                   AND CAST(messages.ts AS DOUBLE PRECISION) > closing.closed_at
                 ORDER BY messages.ts
                 LIMIT 1) AS next
          FROM (SELECT workspace, subject_id AS case_id, MAX(at) AS closed_at
                  FROM audit
                 WHERE workspace = :workspace AND at >= :since AND at < :until
                   AND subject = 'case' AND move = 'close'
                 GROUP BY workspace, subject_id) AS closing) AS closings""",
        "opened_by_month": """
WITH months (month, since, until) AS (VALUES {months})
SELECT months.month, COUNT(*) AS opened
  FROM cases
 CROSS JOIN months
 WHERE cases.workspace = :workspace AND cases.opened_at >= months.since AND cases.opened_at < months.until
 GROUP BY months.month
 ORDER BY 1""",
        "granted_by_month": """
WITH months (month, since, until) AS (VALUES {months})
SELECT months.month, exceptions.currency, COUNT(*) AS granted, SUM(COALESCE(exceptions.cap, exceptions.cost)) AS cost
  FROM months
  JOIN exceptions ON exceptions.decided_at >= months.since AND exceptions.decided_at < months.until
 WHERE exceptions.workspace = :workspace AND exceptions.state IN ('approved', 'used') AND NOT exceptions.ours
 GROUP BY months.month, exceptions.currency
 ORDER BY 1, 2""",
        "won_by_month": """
WITH months (month, since, until) AS (VALUES {months})
SELECT months.month, opportunities.currency, COUNT(*) AS won, SUM(opportunities.value) AS value
  FROM months
  JOIN opportunities ON opportunities.settled_at >= months.since AND opportunities.settled_at < months.until
 WHERE opportunities.workspace = :workspace AND opportunities.state = 'won'
 GROUP BY months.month, opportunities.currency
 ORDER BY 1, 2""",
        "first_whisper_by_month": """
WITH months (month, since, until) AS (VALUES {months}),
     whispers AS MATERIALIZED (
       SELECT cases.opened_at, advice.given_at - CAST(advice.message_ts AS DOUBLE PRECISION) AS seconds,
              ROW_NUMBER() OVER (PARTITION BY cases.id ORDER BY advice.given_at, advice.id) AS nth
         FROM cases
        CROSS JOIN advice
        WHERE cases.workspace = :workspace AND cases.opened_at >= (SELECT MIN(since) FROM months)
          AND advice.workspace = cases.workspace AND advice.case_id = cases.id
          AND NOT advice.while_paused AND advice.content NOT LIKE '{{"signals":[]%'),
     firsts AS MATERIALIZED (SELECT opened_at, seconds FROM whispers WHERE nth = 1)
SELECT month, AVG(seconds) FILTER (WHERE place IN ((every + 1) / 2, (every + 2) / 2)) AS median
  FROM (SELECT months.month, firsts.seconds,
               ROW_NUMBER() OVER (PARTITION BY months.month ORDER BY firsts.seconds) AS place,
               COUNT(*) OVER (PARTITION BY months.month) AS every
          FROM months
          JOIN firsts ON firsts.opened_at >= months.since AND firsts.opened_at < months.until) AS placed
 GROUP BY month
 ORDER BY 1""",
        "claims_by_month": """
WITH months (month, since, until) AS (VALUES {months})
SELECT months.month, COUNT(*) AS claims
  FROM months
  JOIN verifications ON verifications.asked_at >= months.since AND verifications.asked_at < months.until
 WHERE verifications.workspace = :workspace
 GROUP BY months.month
 ORDER BY 1""",
    }
)
"""Each figure's question."""
