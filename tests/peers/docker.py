# Prints the variables that `docker create --env-file FILE` would give a container, as JSON: the real command line talks to
# a daemon that only writes down what it is asked for. Argument: the file.
import http.server, json, os, socketserver, subprocess, sys, tempfile, threading

asked = []


class Daemon(http.server.BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        reply = b"OK"
        if "/containers/create" in self.path:
            asked.append(json.loads(body)["Env"])
            reply = b'{"Id": "x", "Warnings": []}'
        self.send_response(200)
        self.send_header("Api-Version", "1.41")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply)

    do_GET = do_HEAD = do_POST = answer

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingUnixStreamServer):
    def get_request(self):
        return super().get_request()[0], ("local", 0)


with tempfile.TemporaryDirectory() as folder:
    server = Server(os.path.join(folder, "socket"), Daemon)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = f"unix://{folder}/socket"
    create = ["docker", "-H", host, "create", "--env-file", sys.argv[1], "image"]
    environment = {"PATH": os.environ["PATH"], "HOME": folder}
    subprocess.run(create, stdout=subprocess.DEVNULL, check=True, env=environment)
    server.shutdown()
print(json.dumps(dict(entry.split("=", 1) for entry in asked[0])))
