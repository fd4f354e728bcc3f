# As gunicorn's manual advises: 2 workers a core and one, of the default kind.
import multiprocessing

bind = "127.0.0.1:0"
workers = 2 * multiprocessing.cpu_count() + 1


def when_ready(server):
    print("listening on %d" % server.LISTENERS[0].sock.getsockname()[1],
          flush=True)
