"""How the web server runs, wherever it is started; gunicorn reads this file by itself."""

wsgi_app = "registry.wsgi"
bind = "127.0.0.1:8000"
worker_class = "gthread"
workers = 2
threads = 4
preload_app = True  # load once, then fork
timeout = 60
graceful_timeout = 20
# Load balancers keep a connection for up to ten minutes. The server must not be the first to close it: a request that
# is on its way just then is lost, and nobody knows whether it was done. Idle connections hold no thread.
keepalive = 620
max_requests, max_requests_jitter = 5_000, 500  # so that no leak lasts
control_socket_disable = True  # signals do; the socket would lie in the home directory
limit_request_line, limit_request_fields = 8190, 60
