package mesh.testnet.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * An nginx in front of an engine, set up as one would for streams: kept connections to the engine, nothing buffered, no
 * log, two workers. A process of this bench's own, ended by its handle.
 */
final class BenchNginx implements AutoCloseable {
    private static final List<Path> PLACES =
            List.of(Path.of("/usr/sbin/nginx"), Path.of("/usr/bin/nginx"), Path.of("/usr/local/bin/nginx"));
    private static final long START_NANOS_MAX = TimeUnit.SECONDS.toNanos(10);

    private final Process process;
    private final int port;

    private BenchNginx(Path program, int enginePort) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("bench-nginx");
        try (var probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = probe.getLocalPort();
        }
        Path conf = Files.writeString(folder.resolve("nginx.conf"), """
                daemon off;
                worker_processes 2;
                pid nginx.pid;
                error_log stderr error;
                events { worker_connections 4096; }
                http {
                    access_log off;
                    client_body_temp_path body;
                    proxy_temp_path proxy;
                    fastcgi_temp_path fastcgi;
                    uwsgi_temp_path uwsgi;
                    scgi_temp_path scgi;
                    client_max_body_size 64m;
                    keepalive_requests 100000000;
                    upstream engine {
                        server 127.0.0.1:%d;
                        keepalive 512;
                        keepalive_requests 100000000;
                    }
                    server {
                        listen 127.0.0.1:%d;
                        location / {
                            proxy_pass http://engine;
                            proxy_http_version 1.1;
                            proxy_set_header Connection "";
                            proxy_buffering off;
                        }
                    }
                }
                """.formatted(enginePort, port));
        process = new ProcessBuilder(program.toString(), "-p", folder.toString(), "-c", conf.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("out.txt").toFile())
                .start();
        long deadline = System.nanoTime() + START_NANOS_MAX;
        while (!listens()) {
            if (!process.isAlive() || System.nanoTime() > deadline)
                throw new IOException("nginx did not start: " + Files.readString(folder.resolve("out.txt")));
            Thread.sleep(10);
        }
    }

    /** Empty where there is no nginx. */
    static Optional<BenchNginx> before(int enginePort) throws IOException, InterruptedException {
        for (Path place : PLACES) if (Files.isExecutable(place)) return Optional.of(new BenchNginx(place, enginePort));
        return Optional.empty();
    }

    int port() {
        return port;
    }

    private boolean listens() {
        try (var probe = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return probe.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }
}
