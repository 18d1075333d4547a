package mesh.core.elect;

import mesh.core.member.Profile.OnDisk;

/**
 * What serving a model takes, as the node that would host it knows from its file. Immutable.
 *
 * @param bytes weights, KV cache and buffers; 0 = this node holds no file
 * @param units parts a split can be cut into: each layer, and the output layer
 * @param activeBytes weights read per token
 * @param guessed whether {@code bytes} is the rule of thumb, because the file's header could not be read
 */
public record Need(long bytes, long kvBytes, int units, long activeBytes, boolean guessed) {
    public static final Need NONE = new Need(0, 0, 1, 0, false);

    /** Shares of a file with an unknown number of layers are percents; llama.cpp takes proportions. */
    private static final int UNITS_UNKNOWN = 100;

    /** The KV cache and buffers of a usual context are about a tenth of the weights. */
    public static Need of(OnDisk file) {
        boolean guessed = file.needBytes() == 0;
        long bytes = guessed ? file.fileBytes() + file.fileBytes() / 10 : file.needBytes();
        int units = file.layers() == 0 ? UNITS_UNKNOWN : file.layers() + 1;
        long active = file.activeBytes() == 0 ? file.fileBytes() : file.activeBytes();
        return bytes == 0 ? NONE : new Need(bytes, file.kvBytes(), units, active, guessed);
    }

    public boolean isKnown() {
        return bytes > 0;
    }

    /** Memory of one unit, rounded up: whole layers are what a node can hold. */
    public long unitBytes() {
        return (bytes + units - 1) / units;
    }
}
