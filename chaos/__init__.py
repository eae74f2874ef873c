"""Trade under fire: the product sells on two channels while its processes are killed, paused and starved.

``make chaos [SEED=n] [SECONDS=n] [ITEMS=file.csv] [SALES=file.csv]``; docs/reliability.md says what is done and how it
is judged. The seed decides what happens when, to whom, and what is traded; which claim a victim holds at that instant
depends on timing, so a run is repeated in kind, not to the millisecond.

Like the smoke, it judges from outside: by the marketplace's records and by rows read from PostgreSQL.
"""
