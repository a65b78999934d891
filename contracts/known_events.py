"""The names of events that mean the same whoever sends them: links that lead away, files, pages that are not there.

The snippet, imported logs and other products' snippets say them in these words; answers find them again by them.
"""

from typing import Final

OUTBOUND_LINK: Final = "Outbound Link: Click"
FILE_DOWNLOAD: Final = "File Download"
NOT_FOUND: Final = "404"
# The property that says where the link leads, or which file it was; and the one that says which page was not there, where the
# event does not happen on that very page.
URL: Final = "url"
PATH: Final = "path"
