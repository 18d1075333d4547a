package mesh.daemon.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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

/**
 * What a node keeps of its mesh, in one folder: the mesh's key if it founded it, its credential, revocations heard,
 * invites issued and how often each was used. One thing a line, so that a person can look. Blocking; one writer at a
 * time, which the owner sees to.
 */
public final class MeshFiles {
    private static final String KEY = "mesh.key";
    private static final String CREDENTIAL = "credential";
    private static final String REVOCATIONS = "revocations";
    private static final String INVITES = "invites";
    private static final String USES = "uses";
    private static final String ADMITTED = "admitted";

    private final Path folder;

    public MeshFiles(Path folder) throws IOException {
        this.folder = folder;
        Files.createDirectories(
                folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    public Optional<NodeKey> meshKey() throws IOException {
        Path file = folder.resolve(KEY);
        return Files.exists(file) ? Optional.of(KeyFile.read(file)) : Optional.empty();
    }

    /** The founder's first act; never replaces a key. */
    public NodeKey makeMeshKey() throws IOException {
        return KeyFile.open(folder.resolve(KEY));
    }

    public Optional<Credential> credential() throws IOException {
        List<Credential> found = read(CREDENTIAL, line -> Credential.decode(fromBase64(line)));
        return found.isEmpty() ? Optional.empty() : Optional.of(found.getFirst());
    }

    public void credential(Credential credential) throws IOException {
        write(CREDENTIAL, List.of(base64(credential.bytes())));
    }

    public List<Revocation> revocations() throws IOException {
        return read(REVOCATIONS, line -> Revocation.decode(fromBase64(line)));
    }

    public void revocations(List<Revocation> revocations) throws IOException {
        write(
                REVOCATIONS,
                revocations.stream().map(each -> base64(each.bytes())).toList());
    }

    public List<Invite> invites() throws IOException {
        return read(INVITES, line -> Invite.decode(fromBase64(line)));
    }

    public void invites(List<Invite> invites) throws IOException {
        write(INVITES, invites.stream().map(each -> base64(each.bytes())).toList());
    }

    public List<Admission.Use> uses() throws IOException {
        return read(USES, line -> {
            String[] words = line.split(" ", -1);
            if (words.length != 3) throw new IllegalArgumentException("words=" + words.length);
            return Checked.good(
                    new Admission.Use(Serial.parse(words[0]), NodeId.parse(words[1]), Long.parseLong(words[2])));
        });
    }

    public void uses(List<Admission.Use> uses) throws IOException {
        write(
                USES,
                uses.stream()
                        .map(use -> use.invite() + " " + use.node().hex() + " " + use.notAfterMillis())
                        .toList());
    }

    /** Whether this node ever let anybody in; uses are counted of some invites only, and only until those end. */
    public boolean hasAdmitted() {
        return Files.exists(folder.resolve(ADMITTED));
    }

    public void admitted() throws IOException {
        if (!hasAdmitted()) write(ADMITTED, List.of());
    }

    /** The node leaves the mesh: nothing of it stays but what it founded. */
    public void forget() throws IOException {
        for (String name : List.of(CREDENTIAL, REVOCATIONS, INVITES, USES, ADMITTED))
            Files.deleteIfExists(folder.resolve(name));
    }

    /** A damaged line stops the node: half a list of revocations or uses would let somebody in. */
    private <T> List<T> read(String name, Function<String, Checked<T>> reader) throws IOException {
        Path file = folder.resolve(name);
        List<String> lines;
        try {
            lines = Files.readAllLines(file, StandardCharsets.US_ASCII);
        } catch (NoSuchFileException none) {
            return List.of();
        }
        var read = new ArrayList<T>();
        for (String line : lines) {
            try {
                switch (reader.apply(line)) {
                    case Checked.Good<T>(T value) -> read.add(value);
                    case Checked.Refused<T>(var reason) ->
                        throw new IOException(
                                "damaged file=" + file + " line=" + (read.size() + 1) + " reason=" + reason.code());
                }
            } catch (IllegalArgumentException damaged) {
                throw new IOException("damaged file=" + file + " line=" + (read.size() + 1), damaged);
            }
        }
        return read;
    }

    private void write(String name, List<String> lines) throws IOException {
        String text = lines.isEmpty() ? "" : String.join("\n", lines) + "\n";
        AtomicFile.write(folder.resolve(name), text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static byte[] fromBase64(String line) {
        return Base64.getUrlDecoder().decode(line);
    }
}
