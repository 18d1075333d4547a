package mesh.core.id;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class NodeIdTest {
    @Test
    void hexIsReadBack() {
        var id = NodeId.of(key(7));

        assertThat(NodeId.parse(id.hex())).isEqualTo(id).hasSameHashCodeAs(id);
        assertThat(id.hex()).startsWith(id.toString());
    }

    @Test
    void orderIsByUnsignedBytes() {
        assertThat(NodeId.of(key(0x80))).isGreaterThan(NodeId.of(key(0x7f)));
    }

    @Test
    void keyOfAnotherLengthIsRefused() {
        assertThatThrownBy(() -> NodeId.of(new byte[31])).hasMessageContaining("bytes=31");
    }

    @Test
    void callersArraysAreNotShared() {
        byte[] given = key(1);
        var id = NodeId.of(given);

        given[0] = 9;
        id.bytes()[0] = 9;

        assertThat(id).isEqualTo(NodeId.of(key(1)));
    }

    private static byte[] key(int first) {
        byte[] key = new byte[NodeId.BYTES];
        key[0] = (byte) first;
        return key;
    }
}
