"""Files as they came, to whoever may have them."""

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from tracker.evidence import queries
from tracker.evidence.models import StoredFile


def download(file: StoredFile) -> StreamingHttpResponse:
    """The file, always as a download: nothing that was handed in is ever shown by a browser here."""
    answer = StreamingHttpResponse(queries.content_of(file), content_type="application/octet-stream")
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file.name) or ""
    answer["Content-Length"] = file.size_bytes
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer
