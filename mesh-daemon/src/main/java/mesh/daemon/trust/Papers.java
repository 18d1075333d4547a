package mesh.daemon.trust;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import mesh.core.id.Admission;
import mesh.core.id.Checked;
import mesh.core.id.Credential;
import mesh.core.id.Invite;
import mesh.core.id.NodeId;
import mesh.core.id.Revocation;
import mesh.core.id.Serial;
import mesh.daemon.store.AtomicFile;

/**
 * All that a node must remember of its mesh, as one file that is replaced whole. Holds invites, so it is as secret as
 * they are. Immutable.
 *
 * @param credential what the node shows to be let in
 * @param invites that this node issued and that have not ended
 * @param uses of those invites
 */
record Papers(Credential credential, List<Invite> invites, List<Admission.Use> uses, List<Revocation> revocations) {
    static final String FILE_NAME = "membership.json";

    private static final JsonMapper JSON = new JsonMapper();

    Papers {
        invites = List.copyOf(invites);
        uses = List.copyOf(uses);
        revocations = List.copyOf(revocations);
    }

    /** The papers as they stand in the file: bytes as base64, numbers as hex. */
    private record Written(String credential, List<String> invites, List<WrittenUse> uses, List<String> revocations) {}

    private record WrittenUse(String invite, String node, long notAfterMillis) {}

    /** Empty when the node belongs to no mesh yet. */
    static Optional<Papers> read(Path folder) throws IOException {
        Path file = folder.resolve(FILE_NAME);
        if (!Files.exists(file)) return Optional.empty();
        try {
            Written written = JSON.readValue(Files.readAllBytes(file), Written.class);
            var uses = new ArrayList<Admission.Use>();
            for (WrittenUse use : written.uses())
                uses.add(new Admission.Use(Serial.parse(use.invite()), NodeId.parse(use.node()), use.notAfterMillis()));
            return Optional.of(new Papers(
                    whole(Credential.decode(bytes(written.credential()))),
                    all(written.invites(), Invite::decode),
                    uses,
                    all(written.revocations(), Revocation::decode)));
        } catch (JacksonException | IllegalArgumentException damaged) {
            throw new IOException("membership file damaged file=" + file, damaged);
        }
    }

    void write(Path folder) throws IOException {
        var written = new Written(
                text(credential.bytes()),
                invites.stream().map(invite -> text(invite.bytes())).toList(),
                uses.stream()
                        .map(use -> new WrittenUse(
                                use.invite().toString(), use.node().hex(), use.notAfterMillis()))
                        .toList(),
                revocations.stream().map(revocation -> text(revocation.bytes())).toList());
        AtomicFile.write(folder.resolve(FILE_NAME), JSON.writeValueAsBytes(written));
    }

    private static String text(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static byte[] bytes(String text) {
        return Base64.getDecoder().decode(text);
    }

    private static <T> List<T> all(List<String> written, Function<byte[], Checked<T>> decode) {
        return written.stream().map(text -> whole(decode.apply(bytes(text)))).toList();
    }

    private static <T> T whole(Checked<T> read) {
        return switch (read) {
            case Checked.Good<T>(T value) -> value;
            case Checked.Refused<T>(var reason) -> throw new IllegalArgumentException(reason.code());
        };
    }
}
