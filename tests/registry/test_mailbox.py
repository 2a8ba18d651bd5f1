"""Mails of an installation without a mail server: one file each, readable by any mail program."""

from email import message_from_bytes, policy

from django.core.mail import EmailMultiAlternatives, get_connection


def send(**headers):
    mail = EmailMultiAlternatives(
        "Überleben", "text", "registry@localhost", ["a@example.org"], headers=headers
    )
    mail.attach_alternative("<p>text</p>", "text/html")
    mail.attach("report.pdf", b"%PDF", "application/pdf")
    mail.connection = get_connection("registry.mailbox.EmailBackend")
    return mail.send()


def test_a_mail_becomes_a_file_that_reads_back(settings, tmp_path):
    settings.MAIL_FOLDER = tmp_path / "mail"

    assert send() == 1

    (file,) = settings.MAIL_FOLDER.iterdir()
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert mail["Subject"] == "Überleben"
    assert [part.get_content_type() for part in mail.walk() if not part.is_multipart()] == [
        "text/plain",
        "text/html",
        "application/pdf",
    ]


def test_the_same_mail_sent_again_replaces_itself(settings, tmp_path):
    settings.MAIL_FOLDER = tmp_path

    for _ in range(2):
        send(**{"Message-ID": "<../report-1@registry>"})

    assert [file.name for file in tmp_path.iterdir()] == [".._report-1@registry.eml"]
