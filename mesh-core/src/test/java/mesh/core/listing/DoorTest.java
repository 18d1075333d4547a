package mesh.core.listing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A full mesh is off the list, and back only when there is room for more than a moment. */
class DoorTest {
    @Test
    void fullClosesAndTwoLooksWithRoomOpenAgain() {
        var door = new Door(10);

        assertThat(door.isOpen(9)).isTrue();
        assertThat(door.isOpen(10)).isFalse();
        assertThat(door.isOpen(9)).as("nine of ten is not below nine tenths").isFalse();
        assertThat(door.isOpen(8)).isFalse();
        assertThat(door.isOpen(9)).as("the count begins again").isFalse();
        assertThat(door.isOpen(8)).isFalse();
        assertThat(door.isOpen(8)).isTrue();
    }

    @Test
    void withoutACapItIsNeverFull() {
        assertThat(new Door(0).isOpen(1_000_000)).isTrue();
    }
}
