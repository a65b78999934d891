"""The files that people fetch to keep, by the ending of their names: one list for the snippet and for logs."""

from typing import Final

from contracts.known_events import FILE_DOWNLOAD

DOWNLOAD_NAME: Final = FILE_DOWNLOAD
# Who follows a link to one of these fetches it; a page that plays it asks for parts (206), or whether it has changed (304).
PLAYED_TYPES: Final = frozenset(
    {"aac", "avi", "flac", "m4a", "m4v", "mkv", "mov", "mp3", "mp4", "ogg", "opus", "wav", "webm", "wmv"}
)
DOWNLOAD_TYPES: Final = PLAYED_TYPES | frozenset(
    {"pdf", "ps", "epub", "mobi", "doc", "docx", "odt", "rtf", "xls", "xlsx", "ods", "csv", "ppt", "pptx", "odp", "key"}
    | {"zip", "gz", "tgz", "bz2", "xz", "zst", "7z", "rar", "tar", "jar", "war", "gem", "whl", "iso", "img", "bin"}
    | {"exe", "msi", "dmg", "pkg", "deb", "rpm", "apk", "appimage"}
)
