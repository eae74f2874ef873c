"""`make chaos`: nothing is lost while everything breaks, proved from outside.

It starts the whole product with several workers and two beats, lets two marketplaces sell the same stock, and meanwhile
kills, pauses and restarts what runs and breaks the marketplace's answers. Then everything settles, and the judge
compares the marketplace's records with PostgreSQL's. It imports nothing of the product.

given      the stock and the baskets
schedule   what happens when: trade and strokes, by the seed alone
strokes    kill -9, SIGSTOP, servers restarted hard, faults on and off
watch      how long the jobs of a dead or paused process wait until somebody runs them
visit      a form sent until it is answered, whatever dies meanwhile
trade      the people: buyers, and the seller's desks
book       what the people did, as far as they were told that it worked
records    both sides' records: the sandbox's and PostgreSQL's
stock      whether the sum is right for every unit, and what was sold beyond what was there
judge      the comparison
run        one run, from an empty folder to a verdict
batch      many seeds, one JSON line each
"""
