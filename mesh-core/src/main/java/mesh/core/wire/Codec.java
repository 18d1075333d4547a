package mesh.core.wire;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import mesh.core.Check;
import mesh.core.id.Checked;
import mesh.core.id.NodeId;
import mesh.core.id.Revocation;
import mesh.core.id.Trust;
import mesh.core.member.Carried;
import mesh.core.member.Digest;
import mesh.core.member.Told;
import mesh.core.member.Version;
import mesh.core.member.Word;
import mesh.core.wire.CborReader.Malformed;

/**
 * Messages to bytes and back. A message is a CBOR array whose first element is its number; {@code docs/wire.md} draws
 * each. Decoding never throws: bytes that are no message are {@link Decoded.Rejected} with a reason. No state, any
 * thread.
 */
public final class Codec {
    /** No message is larger; the length before it on a stream is refused beyond. */
    public static final int FRAME_BYTES_MAX = 64 * 1024;

    /** What one frame can hold of the smallest element there is, so that no list outgrows its bytes. */
    private static final int ELEMENTS_MAX = FRAME_BYTES_MAX / 32;

    /** Room for signature schemes with longer signatures than Ed25519's 64 bytes. */
    private static final int SIGNATURE_BYTES_MAX = 256;

    private static final int PARTS_MAX = 1 << 16;

    private static final int PING = 1;
    private static final int ACK = 2;
    private static final int HELP = 3;
    private static final int NACK = 4;
    private static final int SPREAD = 5;
    private static final int COMPARE = 6;
    private static final int VERSIONS = 7;
    private static final int SUPPLY = 8;
    private static final int ROUTE_REQUEST = 16;
    private static final int ROUTE_TABLE = 17;
    private static final int ROUTE_NEWS = 18;
    private static final int REVOCATION_SUM = 32;
    private static final int REVOCATION_MARKS = 33;
    private static final int REVOCATIONS = 34;

    private Codec() {}

    public static byte[] encode(Message message) {
        var cbor = new CborWriter();
        switch (message) {
            case Message.Gossip(Word word) -> write(cbor, word);
            case Message.RouteRequest(long digest) ->
                cbor.array(2).number(ROUTE_REQUEST).number(digest);
            case Message.RouteTable(long digest, int part, int parts, List<Told> hosts) ->
                news(
                        cbor.array(5)
                                .number(ROUTE_TABLE)
                                .number(digest)
                                .number(part)
                                .number(parts),
                        hosts);
            case Message.RouteNews(List<Told> changed, List<NodeId> gone) ->
                news(cbor.array(3).number(ROUTE_NEWS), changed).list(gone, CborWriter::id);
            case Message.RevocationSum(long sum) ->
                cbor.array(2).number(REVOCATION_SUM).number(sum);
            case Message.RevocationMarks(List<Long> held) ->
                cbor.array(2).number(REVOCATION_MARKS).list(held, CborWriter::number);
            case Message.Revocations(List<Revocation> told, List<Long> wanted) ->
                cbor.array(3)
                        .number(REVOCATIONS)
                        .list(told, (out, revocation) -> out.bytes(revocation.bytes()))
                        .list(wanted, CborWriter::number);
        }
        byte[] bytes = cbor.end().toBytes();
        Check.that(bytes.length <= FRAME_BYTES_MAX, "message fits a frame", bytes.length, message.getClass());
        return bytes;
    }

    public static Decoded decode(byte[] bytes) {
        if (bytes.length > FRAME_BYTES_MAX) return new Decoded.Rejected("frame too long");
        try {
            var cbor = new CborReader(bytes);
            cbor.array();
            Message message = read(cbor);
            cbor.end();
            cbor.over();
            return new Decoded.Accepted(message);
        } catch (Malformed malformed) {
            return new Decoded.Rejected(String.valueOf(malformed.getMessage()));
        } catch (IOException notCbor) {
            return new Decoded.Rejected("not CBOR");
        }
    }

    private static void write(CborWriter cbor, Word word) {
        switch (word) {
            case Word.Ping(long nonce, List<Told> news) ->
                news(cbor.array(3).number(PING).number(nonce), news);
            case Word.Ack(long nonce, List<Told> news) ->
                news(cbor.array(3).number(ACK).number(nonce), news);
            case Word.Help(long nonce, NodeId target, List<Told> news) ->
                news(cbor.array(4).number(HELP).number(nonce).id(target), news);
            case Word.Nack(long nonce) -> cbor.array(2).number(NACK).number(nonce);
            case Word.Spread(List<Told> news) -> news(cbor.array(2).number(SPREAD), news);
            case Word.Compare(Digest digest, List<Told> news) ->
                news(cbor.array(3).number(COMPARE).bytes(bytes(digest)), news);
            case Word.Versions(int buckets, List<Integer> differing, List<Version> held) ->
                cbor.array(4)
                        .number(VERSIONS)
                        .number(buckets)
                        .list(differing, (out, bucket) -> out.number(bucket))
                        .list(held, Codec::write);
            case Word.Supply(List<Told> news, List<NodeId> wanted) ->
                news(cbor.array(3).number(SUPPLY), news).list(wanted, CborWriter::id);
        }
    }

    private static Message read(CborReader cbor) throws IOException, Malformed {
        int kind = (int) cbor.number(0, Integer.MAX_VALUE);
        return switch (kind) {
            case PING -> new Message.Gossip(new Word.Ping(cbor.natural(), news(cbor)));
            case ACK -> new Message.Gossip(new Word.Ack(cbor.natural(), news(cbor)));
            case HELP -> new Message.Gossip(new Word.Help(cbor.natural(), cbor.id(), news(cbor)));
            case NACK -> new Message.Gossip(new Word.Nack(cbor.natural()));
            case SPREAD -> new Message.Gossip(new Word.Spread(news(cbor)));
            case COMPARE -> new Message.Gossip(new Word.Compare(digest(cbor), news(cbor)));
            case VERSIONS -> new Message.Gossip(versions(cbor));
            case SUPPLY -> new Message.Gossip(new Word.Supply(news(cbor), cbor.list(ELEMENTS_MAX, CborReader::id)));
            case ROUTE_REQUEST -> new Message.RouteRequest(any(cbor));
            case ROUTE_TABLE -> routeTable(cbor);
            case ROUTE_NEWS -> new Message.RouteNews(news(cbor), cbor.list(ELEMENTS_MAX, CborReader::id));
            case REVOCATION_SUM -> new Message.RevocationSum(any(cbor));
            case REVOCATION_MARKS -> new Message.RevocationMarks(cbor.list(Trust.REVOCATIONS_MAX, Codec::any));
            case REVOCATIONS ->
                new Message.Revocations(
                        cbor.list(ELEMENTS_MAX, Codec::revocation), cbor.list(Trust.REVOCATIONS_MAX, Codec::any));
            default -> throw new Malformed("unknown message");
        };
    }

    private static long any(CborReader cbor) throws IOException, Malformed {
        return cbor.number(Long.MIN_VALUE, Long.MAX_VALUE);
    }

    /** Its form only: whether it stands is for the receiver's trust to say. */
    private static Revocation revocation(CborReader cbor) throws IOException, Malformed {
        return switch (Revocation.decode(cbor.bytes(1, Revocation.BYTES_MAX))) {
            case Checked.Good<Revocation>(Revocation read) -> read;
            case Checked.Refused<Revocation> malformed -> throw new Malformed("no revocation");
        };
    }

    private static Message.RouteTable routeTable(CborReader cbor) throws IOException, Malformed {
        long digest = any(cbor);
        int part = (int) cbor.number(0, PARTS_MAX - 1);
        int parts = (int) cbor.number(1, PARTS_MAX);
        CborReader.expect(part < parts, "part beyond the last");
        return new Message.RouteTable(digest, part, parts, news(cbor));
    }

    private static Word.Versions versions(CborReader cbor) throws IOException, Malformed {
        int buckets = (int) cbor.number(1, Digest.BUCKETS_MAX);
        CborReader.expect(Digest.isCount(buckets), "bucket count is no power of two");
        List<Integer> differing = cbor.list(buckets, reader -> (int) reader.number(0, buckets - 1));
        return new Word.Versions(buckets, differing, cbor.list(ELEMENTS_MAX, Codec::version));
    }

    /** Rumours of a kind that this release does not know are passed over; the known ones beside them count. */
    private static List<Told> news(CborReader cbor) throws IOException, Malformed {
        var known = new ArrayList<Told>();
        cbor.list(ELEMENTS_MAX, reader -> {
            reader.array();
            byte[] body = reader.bytes(1, SignedVoice.ANNOUNCEMENT_BYTES_MAX);
            var carried = new Carried(body, reader.bytes(1, SIGNATURE_BYTES_MAX));
            long ageMillis = reader.natural();
            reader.end();
            Bodies.read(carried).ifPresent(rumor -> known.add(new Told(rumor, ageMillis)));
            return carried;
        });
        return known;
    }

    private static CborWriter news(CborWriter cbor, List<Told> news) {
        return cbor.list(
                news,
                (out, told) -> out.array(3)
                        .bytes(told.rumor().carried().body())
                        .bytes(told.rumor().carried().signature())
                        .number(Math.max(0, told.ageMillis()))
                        .end());
    }

    private static void write(CborWriter cbor, Version version) {
        cbor.array(3)
                .id(version.id())
                .number(version.incarnation())
                .number(version.sequence())
                .end();
    }

    private static Version version(CborReader cbor) throws IOException, Malformed {
        cbor.array();
        var version = new Version(cbor.id(), cbor.natural(), cbor.natural());
        cbor.end();
        return version;
    }

    private static byte[] bytes(Digest digest) {
        byte[] bytes = new byte[digest.buckets() * Long.BYTES];
        for (int at = 0; at < bytes.length; at++)
            bytes[at] = (byte) (digest.bucket(at / Long.BYTES) >>> (56 - 8 * (at % Long.BYTES)));
        return bytes;
    }

    private static Digest digest(CborReader cbor) throws IOException, Malformed {
        byte[] bytes = cbor.bytes(Long.BYTES, Digest.BUCKETS_MAX * Long.BYTES);
        CborReader.expect(
                bytes.length % Long.BYTES == 0 && Digest.isCount(bytes.length / Long.BYTES),
                "bucket count is no power of two");
        long[] buckets = new long[bytes.length / Long.BYTES];
        for (int at = 0; at < bytes.length; at++)
            buckets[at / Long.BYTES] = buckets[at / Long.BYTES] << 8 | (bytes[at] & 0xff);
        return new Digest(buckets);
    }
}
