"""`make smoke`: the main job, proved from outside.

It starts the whole product on free ports with fresh data, does what a seller's browser does, lets buyers buy in the
sandbox, and compares what it expects with what the sandbox says. It imports nothing of the product: what it expects it
computes from the input files and from what it did.

files          the input: items and sales
stack          the product as processes, started, restarted, stopped; `manage.py report` as a question and an answer
browser        a browser without a screen: pages, forms, cookies
marketplace    the sandbox's control API: buyers, strays, what is shown
killer         kill -9 for a process that holds a claim
seller         what the seller does on our pages
orders         what the seller does to orders
support        what support does in the admin
plan           which orders meet which fate
waiting        until something is true, or what was missing
expectations   what must be true on the marketplace, by the input and by what was done
channels       how each kind of channel is connected, and what its marketplace does not do
watch          what passes between the product and a marketplace, held against its contract
journey        the whole story, step by step
together       one seller on all channels at once
judge          the comparison, and the one JSON object on the last line
"""
