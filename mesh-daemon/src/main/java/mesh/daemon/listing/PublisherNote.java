package mesh.daemon.listing;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import mesh.daemon.store.AtomicFile;

/**
 * What a publisher must remember: when its last listing claims to be made, since a later one must be newer even if the
 * clock went back, and what was mined for its key. Losing it costs half a second of work.
 */
record PublisherNote(String author, long powNonce, int powBits, long lastCreatedAt) {
    private static final JsonMapper JSON = new JsonMapper();

    static PublisherNote read(Path file, String author) throws IOException {
        var none = new PublisherNote(author, 0, 0, 0);
        if (!Files.exists(file)) return none;
        try {
            PublisherNote note = JSON.readValue(Files.readAllBytes(file), PublisherNote.class);
            return note.author.equals(author) ? note : none;
        } catch (JacksonException damaged) {
            return none;
        }
    }

    void write(Path file) throws IOException {
        AtomicFile.write(file, JSON.writeValueAsBytes(this));
    }

    PublisherNote mined(long nonce, int bits) {
        return new PublisherNote(author, nonce, bits, lastCreatedAt);
    }

    PublisherNote published(long createdAt) {
        return new PublisherNote(author, powNonce, powBits, createdAt);
    }
}
