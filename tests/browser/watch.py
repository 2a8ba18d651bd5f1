"""What went wrong on a page without anybody seeing it: script errors, refusals of the policy, failed requests."""

import re

# a form that comes back with what is wrong in it; Chromium reports each such answer on the console
FORM_COMES_BACK = 422
CANCELED = "net::ERR_ABORTED"  # by a navigation or a download, which is no failure


class Watch:
    """Collects what went wrong on the pages of one browser context."""

    def __init__(self, context, address):
        self.address, self.found, self.meant = address, [], []
        context.on("console", self._said)
        context.on("weberror", lambda thrown: self.found.append(f"script error: {thrown.error}"))
        context.on("request", self._asked)
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    def expect(self, *patterns):
        """Say what may go wrong here because the test means it to: parts of the message, as regular expressions."""
        self.meant += [re.compile(str(pattern)) for pattern in patterns]

    def wrong(self):
        """List what nobody meant."""
        return [what for what in self.found if not any(pattern.search(what) for pattern in self.meant)]

    def _said(self, message):
        if message.type == "error" and f"status of {FORM_COMES_BACK}" not in message.text:
            self.found.append(f"console: {message.text} ({message.location.get('url')})")

    def _asked(self, request):
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.found.append(f"request to a stranger: {request.url}")

    def _failed(self, request):
        if request.failure != CANCELED:
            self.found.append(f"request failed: {request.failure} {request.url}")

    def _answered(self, response):
        if response.status >= 500:
            self.found.append(f"status {response.status}: {response.url}")
