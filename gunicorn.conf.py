"""How the web server runs, wherever it is started; gunicorn reads this file by itself."""

wsgi_app = "registry.wsgi"
bind = "127.0.0.1:8000"
worker_class = "gthread"
workers = 2
threads = 4
preload_app = True  # load once, then fork
timeout = 60
graceful_timeout = 20
max_requests, max_requests_jitter = 5_000, 500  # so that no leak lasts
limit_request_line, limit_request_fields = 8190, 60
