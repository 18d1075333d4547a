package mesh.core.model;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import mesh.core.model.GgufCursor.Stop;
import mesh.core.model.GgufHeader.Tensor;
import mesh.core.model.GgufHeader.Value;
import mesh.core.model.GgufRead.Reason;

/**
 * One file of a model, read front to back: opening, keys, table of tensors, and whether the tensors lie inside the
 * file. Adds what it finds to the tensors and names of the parts before it. One reader, one thread.
 */
final class GgufPart {
    /** Real models have 20 to 60; fine-tunes that list their ancestors reach a few hundred. */
    private static final int KEYS_MAX = 4096;

    /** The largest known, unmerged experts and all, has some 35,000. */
    private static final int TENSORS_MAX = 1 << 16;

    private static final int KEY_BYTES_MAX = 1024;

    /** llama.cpp refuses names of 64 bytes and more; other engines' files may be more generous. */
    private static final int TENSOR_NAME_BYTES_MAX = 256;

    /** Long enough for names, licences and addresses; a chat template is longer, and nobody here reads it. */
    private static final int TEXT_BYTES_KEPT_MAX = 4096;

    /** Per-layer settings are kept, token lists are not. */
    private static final int LIST_KEPT_MAX = 512;

    /** Lists of lists are allowed by the format and used by nobody. */
    private static final int LIST_DEPTH_MAX = 3;

    private static final int DIMS_MAX = 4;
    private static final long ALIGNMENT_DEFAULT = 32;
    private static final long ALIGNMENT_MAX = 1 << 20;

    private static final int MAGIC = 'G' | 'G' << 8 | 'U' << 16 | 'F' << 24;

    private final GgufCursor in;
    private final int part;
    private final List<Tensor> tensors;
    private final Set<String> names;
    private final TreeMap<String, Value> keys = new TreeMap<>();
    private int version;

    GgufPart(GgufCursor in, int part, List<Tensor> tensors, Set<String> names) {
        this.in = in;
        this.part = part;
        this.tensors = tensors;
        this.names = names;
    }

    void read(int parts) throws IOException, Stop {
        opening();
        long tensorCount = in.u64();
        long keyCount = in.u64();
        if (keyCount > KEYS_MAX)
            throw in.stop(Reason.TOO_MANY_KEYS, "too many keys", "keys=" + keyCount + " max=" + KEYS_MAX);
        if (tensorCount > TENSORS_MAX - tensors.size())
            throw in.stop(
                    Reason.TOO_MANY_TENSORS, "too many tensors", "tensors=" + tensorCount + " max=" + TENSORS_MAX);
        for (long i = 0; i < keyCount; i++) key();
        checkPlace(parts);
        var table = new ArrayList<Tensor>();
        for (long i = 0; i < tensorCount; i++) table.add(tensor());
        tensors.addAll(placed(table));
    }

    int version() {
        return version;
    }

    SortedMap<String, Value> keys() {
        return keys;
    }

    private void opening() throws IOException, Stop {
        if (in.size() < 4) throw in.stop(Reason.CUT_HEADER, "model file cut", "bytes=" + in.size());
        if (in.i32() != MAGIC) throw in.stop(Reason.NOT_GGUF, "not a GGUF file", lookedAt());
        version = in.i32();
        if (version != 0 && (version & 0xFFFF) == 0)
            throw in.stop(
                    Reason.BIG_ENDIAN,
                    "big endian GGUF file",
                    "version=" + Integer.reverseBytes(version) + " supported=little-endian");
        if (version != 2 && version != 3)
            throw in.stop(
                    Reason.UNSUPPORTED_VERSION,
                    "GGUF version not supported",
                    "version=" + Integer.toUnsignedString(version) + " supported=2,3");
    }

    /** The usual mistakes of a download, told from the first bytes. */
    private String lookedAt() throws IOException {
        byte[] head = in.opening(64);
        String text = new String(head, StandardCharsets.ISO_8859_1).strip();
        if (text.startsWith("version https://git-lfs")) return "found=git-lfs-pointer";
        if (text.startsWith("<")) return "found=web-page";
        if (text.startsWith("{")) return "found=json";
        if (text.startsWith("PK")) return "found=zip";
        return "found=" + HexFormat.of().formatHex(head, 0, Math.min(4, head.length));
    }

    private void key() throws IOException, Stop {
        String key = in.name("key", KEY_BYTES_MAX);
        Value value = value(key, in.u32(), 0);
        if (keys.put(key, value) != null) throw in.stop(Reason.DUPLICATE_KEY, "key twice", "key=" + shown(key));
    }

    /** A part must say itself that it is number so of so many; a single file must not. */
    private void checkPlace(int parts) throws Stop {
        long count = GgufReader.number(keys, "split.count", 1);
        long number = GgufReader.number(keys, "split.no", 0);
        if (parts == 1 && count > 1)
            throw in.stop(Reason.MISSING_PART, "model part missing", "have=1 expected=" + count);
        if (parts > 1 && (count != parts || number != part))
            throw in.stop(
                    Reason.MIXED_PARTS,
                    "model part out of place",
                    "part=" + number + " of=" + count + " expected=" + part + " expectedOf=" + parts);
    }

    private Value value(String key, long type, int depth) throws IOException, Stop {
        if (type == Kind.TEXT) return textValue();
        if (type == Kind.LIST) return list(key, depth);
        if (type == Kind.F32) return new Value.Real(in.f32());
        if (type == Kind.F64) return new Value.Real(in.f64());
        if (type == Kind.FLAG) return new Value.Flag(in.u8() != 0);
        return new Value.Whole(whole(key, type));
    }

    private long whole(String key, long type) throws IOException, Stop {
        return switch ((int) type) {
            case Kind.U8 -> in.u8();
            case Kind.I8 -> (byte) in.u8();
            case Kind.U16 -> in.u16();
            case Kind.I16 -> (short) in.u16();
            case Kind.U32 -> in.u32();
            case Kind.I32 -> in.i32();
            case Kind.U64 -> in.u64();
            case Kind.I64 -> in.i64();
            case Kind.FLAG -> in.u8() == 0 ? 0 : 1;
            default -> throw in.stop(Reason.BAD_VALUE, "unknown type of value", "key=" + shown(key) + " type=" + type);
        };
    }

    private Value textValue() throws IOException, Stop {
        long length = in.u64();
        if (length <= TEXT_BYTES_KEPT_MAX) return new Value.Text(in.text((int) length));
        in.skip(length);
        return new Value.Skipped(length);
    }

    /** Every entry takes at least a byte of the file, so that the file's size bounds the work. */
    private Value list(String key, int depth) throws IOException, Stop {
        long type = in.u32();
        long count = in.u64();
        in.within(count);
        if (type == Kind.LIST) {
            if (depth + 1 >= LIST_DEPTH_MAX)
                throw in.stop(Reason.TOO_DEEP_LISTS, "lists too deep", "key=" + shown(key));
            for (long i = 0; i < count; i++) list(key, depth + 1);
            return new Value.Skipped(count);
        }
        if (type == Kind.TEXT) {
            for (long i = 0; i < count; i++) in.skip(in.u64());
            return new Value.Skipped(count);
        }
        boolean isWhole = type != Kind.F32 && type != Kind.F64;
        if (isWhole && count <= LIST_KEPT_MAX) {
            var values = new ArrayList<Long>((int) count);
            for (long i = 0; i < count; i++) values.add(whole(key, type));
            return new Value.Wholes(values);
        }
        if (Kind.bytes(type) == 0)
            throw in.stop(Reason.BAD_VALUE, "unknown type of value", "key=" + shown(key) + " type=" + type);
        in.skip(count * Kind.bytes(type));
        return new Value.Skipped(count);
    }

    /** The offset still counts from the start of the data, which is known only after the last entry. */
    private Tensor tensor() throws IOException, Stop {
        String name = in.name("tensor name", TENSOR_NAME_BYTES_MAX);
        if (!names.add(name)) throw in.stop(Reason.DUPLICATE_TENSOR, "tensor twice", "tensor=" + shown(name));
        long dimCount = in.u32();
        if (dimCount > DIMS_MAX)
            throw in.stop(Reason.BAD_TENSOR, "too many dimensions", "tensor=" + shown(name) + " dims=" + dimCount);
        var dims = new ArrayList<Long>(DIMS_MAX);
        for (int i = 0; i < dimCount; i++) dims.add(in.u64());
        long typeNumber = in.u32();
        long offset = in.u64();
        return new Tensor(name, dims, typeNumber, part, offset, bytes(name, dims, typeNumber));
    }

    /** 0 for a type that this version does not know. */
    private long bytes(String name, List<Long> dims, long typeNumber) throws Stop {
        try {
            long values = 1;
            for (long dim : dims) {
                if (dim == 0) throw in.stop(Reason.BAD_TENSOR, "empty tensor", "tensor=" + shown(name));
                values = Math.multiplyExact(values, dim);
            }
            var type = TensorType.of(typeNumber);
            if (type.isEmpty()) return 0;
            long row = dims.isEmpty() ? 1 : dims.getFirst();
            if (row % type.get().blockValues() != 0)
                throw in.stop(
                        Reason.BAD_TENSOR,
                        "tensor's rows do not fill its blocks",
                        "tensor=" + shown(name) + " row=" + row + " type=" + type.get());
            return type.get().bytes(values);
        } catch (ArithmeticException tooLarge) {
            throw in.stop(Reason.BAD_TENSOR, "tensor too large", "tensor=" + shown(name) + " dims=" + dims);
        }
    }

    /** The same tensors with their offsets in the file, after checking that they lie apart and inside. */
    private List<Tensor> placed(List<Tensor> table) throws Stop {
        long alignment = alignment();
        long start = (in.at() + alignment - 1) / alignment * alignment;
        var sorted = new ArrayList<Tensor>(table);
        sorted.sort(Comparator.comparingLong(Tensor::offset));
        long expected = in.at();
        var placed = new ArrayList<Tensor>(table.size());
        for (int i = 0; i < sorted.size(); i++) {
            Tensor tensor = sorted.get(i);
            if (tensor.offset() % alignment != 0 || tensor.offset() > Long.MAX_VALUE / 2 - start)
                throw in.stop(
                        Reason.BAD_TENSOR,
                        "tensor's offset impossible",
                        "tensor=" + shown(tensor.name()) + " offset=" + tensor.offset());
            long offset = start + tensor.offset();
            if (offset < expected)
                throw in.stop(Reason.BAD_TENSOR, "tensors overlap", "tensor=" + shown(tensor.name()));
            long next = i + 1 < sorted.size() ? start + sorted.get(i + 1).offset() : in.size();
            long bytes = tensor.type().isPresent() ? tensor.bytes() : Math.max(0, next - offset);
            expected = bytes > Long.MAX_VALUE - offset ? Long.MAX_VALUE : offset + bytes;
            placed.add(new Tensor(tensor.name(), tensor.dims(), tensor.typeNumber(), part, offset, bytes));
        }
        if (expected > in.size())
            throw in.stop(Reason.CUT_DATA, "model file cut", "bytes=" + in.size() + " expected=" + expected);
        return placed;
    }

    private long alignment() throws Stop {
        long alignment = GgufReader.number(keys, "general.alignment", ALIGNMENT_DEFAULT);
        if (alignment < 1 || alignment > ALIGNMENT_MAX || Long.bitCount(alignment) != 1)
            throw in.stop(Reason.BAD_ALIGNMENT, "alignment impossible", "alignment=" + alignment);
        return alignment;
    }

    /** A name from the file, fit for a log line. */
    private static String shown(String name) {
        var text = new StringBuilder();
        for (int i = 0; i < name.length() && i < 80; i++) {
            char c = name.charAt(i);
            text.append(c > ' ' && c <= '~' ? c : '?');
        }
        return text.toString();
    }

    /** The format's numbers for types of values. */
    private static final class Kind {
        static final int U8 = 0;
        static final int I8 = 1;
        static final int U16 = 2;
        static final int I16 = 3;
        static final int U32 = 4;
        static final int I32 = 5;
        static final int F32 = 6;
        static final int FLAG = 7;
        static final int TEXT = 8;
        static final int LIST = 9;
        static final int U64 = 10;
        static final int I64 = 11;
        static final int F64 = 12;

        /** Bytes of one value of fixed size; 0 = no such type. */
        static int bytes(long type) {
            return switch ((int) type) {
                case U8, I8, FLAG -> 1;
                case U16, I16 -> 2;
                case U32, I32, F32 -> 4;
                case U64, I64, F64 -> 8;
                default -> 0;
            };
        }
    }
}
