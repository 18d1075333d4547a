package mesh.daemon.edge;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Locale;

/** A client that is nothing but a socket: sends exactly what it is told, reads one response at a time. */
final class Wire implements AutoCloseable {
    private static final int READ_MILLIS_MAX = 60_000;

    /** One response. {@code isCut}: it ended before its framing said so. */
    record Response(int status, String head, String body, boolean isCut) {
        String header(String name) {
            for (String line : head.split("\r\n"))
                if (line.toLowerCase(Locale.ROOT).startsWith(name + ": ")) return line.substring(name.length() + 2);
            return "";
        }
    }

    private final Socket socket;
    private final InputStream in;

    Wire(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(READ_MILLIS_MAX);
        in = new BufferedInputStream(socket.getInputStream());
    }

    static Response once(int port, String request) throws IOException {
        try (var wire = new Wire(port)) {
            return wire.send(request).response();
        }
    }

    static String post(String path, String body) {
        return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                + body.getBytes(UTF_8).length + "\r\n\r\n" + body;
    }

    static String get(String path) {
        return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    }

    Socket socket() {
        return socket;
    }

    Wire send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(UTF_8));
        return this;
    }

    Wire send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    Response response() throws IOException {
        return response(true);
    }

    /** HEAD and 304 announce a body they do not send. */
    Response bodylessResponse() throws IOException {
        return response(false);
    }

    String line() throws IOException {
        var line = new StringBuilder();
        for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) line.append((char) b);
        return line.toString().stripTrailing();
    }

    void skipHead() throws IOException {
        String line = line();
        while (!line.isEmpty()) line = line();
    }

    /** True once the other side has ended the connection, in whatever way. */
    boolean isClosed() throws IOException {
        try {
            return in.read() < 0;
        } catch (java.net.SocketTimeoutException open) {
            return false;
        } catch (IOException reset) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private Response response(boolean hasBody) throws IOException {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int b = in.read();
            if (b < 0) throw new IOException("closed before a response, after: " + head);
            head.append((char) b);
        }
        int status = Integer.parseInt(head.substring(9, 12));
        var bare = new Response(status, head.toString(), "", false);
        if (!hasBody || status == 100 || status == 204) return bare;
        var body = new ByteArrayOutputStream();
        boolean isCut = bare.header("transfer-encoding").equals("chunked")
                ? !readChunks(body)
                : !readLength(bare.header("content-length"), body);
        return new Response(status, head.toString(), body.toString(UTF_8), isCut);
    }

    private boolean readLength(String length, ByteArrayOutputStream body) throws IOException {
        if (length.isEmpty()) {
            body.write(in.readAllBytes());
            return true;
        }
        byte[] bytes = in.readNBytes(Integer.parseInt(length));
        body.write(bytes);
        return bytes.length == Integer.parseInt(length);
    }

    private boolean readChunks(ByteArrayOutputStream body) throws IOException {
        try {
            while (true) {
                String size = line();
                if (size.isEmpty()) return false;
                byte[] chunk = in.readNBytes(Integer.parseInt(size, 16));
                body.write(chunk);
                if (!new String(in.readNBytes(2), ISO_8859_1).equals("\r\n")) return false;
                if (chunk.length == 0) return true;
            }
        } catch (java.net.SocketException reset) {
            return false;
        }
    }
}
