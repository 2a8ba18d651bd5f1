"""A mail backend that puts each message into a folder as one `.eml` file, which any mail program opens."""

import re
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class EmailBackend(BaseEmailBackend):
    """Deliver to `settings.MAIL_FOLDER`; a message sent again under the same Message-ID replaces itself."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write all messages and tell how many."""
        settings.MAIL_FOLDER.mkdir(parents=True, exist_ok=True)
        for email in email_messages:
            message = email.message()
            name = re.sub(r"[^\w.@-]", "_", message["Message-ID"].strip("<>"))
            (settings.MAIL_FOLDER / f"{name}.eml").write_bytes(message.as_bytes())
        return len(email_messages)
