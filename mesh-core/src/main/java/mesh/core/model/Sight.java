package mesh.core.model;

/**
 * What a projector takes in memory, worked out from its header alone: its weights, and the intermediate results of one
 * picture of the largest size it takes. Checked against the engine's own figures. Stateless.
 */
final class Sight {
    private Sight() {}

    static long needBytes(GgufHeader projector) {
        long weights = 0;
        for (GgufHeader.Tensor tensor : projector.tensors()) weights = Saturated.plus(weights, tensor.bytes());
        return weights;
    }
}
