"""What we rely on of each marketplace's protocol, stated by us, and what holds calls and answers against it.

The statements (`mirakl.json` and so on) are OpenAPI 3.1 documents, written from the marketplaces' public documentation.
Bodies that we send are closed: a misspelt field is an error. Bodies that we read are open: a new field is none.
Nothing here knows the product or the simulators: both are judged by it.
"""
