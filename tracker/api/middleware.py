"""Whatever goes wrong under /api/ is a problem as JSON, also where no operation was reached."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tracker.api.problems import MEDIA_TYPE, problem_of

# Of the page that is replaced, and of nobody else's concern.
_OF_THE_PAGE = {"content-type", "content-length", "content-language"}


class ProblemMiddleware:
    """Turns the pages that Django and its middleware answer errors with into problems.

    It stands first, so that it sees what all others answer: no such address or method, no such host, a
    database that does not answer, a fault of ours.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        if answer.status_code < 400 or not request.path.startswith("/api/"):
            return answer
        if answer.get("Content-Type", "") == MEDIA_TYPE:
            return answer
        problem = problem_of(answer.status_code).response()
        for name, value in answer.items():
            if name.lower() not in _OF_THE_PAGE:
                problem[name] = value
        problem["Content-Length"] = str(len(problem.content))
        return problem
