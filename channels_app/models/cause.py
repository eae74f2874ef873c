"""Why marketplaces refuse: reasons that differ only in what belongs to one SKU have one cause. SQL, on a listing's row.

PostgreSQL keeps the cause of every refused listing, so that a million refusals are grouped by walking an index.
"""

from django.db.models.expressions import RawSQL

#: Stands where the sentence names something that is another on every SKU.
GAP = "…"

# Escaped and as a word of its own, so that a short SKU takes nothing out of other words. Most reasons do not name it,
# and a pattern that is another on every row is dear to read.
_WITHOUT_SKU = (
    "CASE WHEN position(sku in rejected_reason) = 0 THEN rejected_reason ELSE regexp_replace(rejected_reason,"
    " '(?<![[:alnum:]])' || regexp_replace(sku, '([][\\\\.^$*+?(){}|])', '\\\\\\1', 'g') || '(?![[:alnum:]])',"
    " '…', 'g') END"
)
# An apostrophe within a word quotes nothing.
_QUOTED = "\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|‘[^’]*’|«[^»]*»|`[^`]*`|(?<![[:alnum:]])''[^'']*''(?![[:alnum:]])"
_NUMBER = "[[:alnum:]_-]*[0-9][[:alnum:]_.,-]*"

#: The reason without SKU, quoted words, numbers and words with digits (GTINs, order numbers, dates).
SENTENCE = (
    f"btrim(regexp_replace(regexp_replace(regexp_replace({_WITHOUT_SKU}, '{_QUOTED}', '…', 'g'),"
    f" '{_NUMBER}', '…', 'g'), '…([[:space:],;]*…)+', '…', 'g'))"
)

#: Names what is the same for all listings of one cause on a channel; empty while nothing is refused.
CAUSE = RawSQL(  # noqa: S611 - a constant expression
    f"CASE WHEN rejected_hash = '' THEN '' ELSE md5(rejected_code || E'\\x1f' || {SENTENCE}) END", []
)
