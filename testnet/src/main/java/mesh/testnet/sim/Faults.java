package mesh.testnet.sim;

import java.util.SplittableRandom;

/**
 * Everything that may go wrong in a run, as rates. Per mille are of messages or nodes; counts are over the run's
 * troubled part. Immutable.
 *
 * @param latencyMillisMin fastest one-way trip
 * @param latencyMillisMax slowest usual one-way trip; each direction of a pair draws its own and keeps it
 * @param jitterMillis what each message may be late beyond that, which reorders
 * @param crashes nodes that stop without a word
 * @param restartPermille how many of these come back
 * @param amnesiaPermille how many of those come back without their stored incarnation
 * @param sleeps nodes that lie frozen for some seconds, their messages lost
 * @param clockJumps clocks set forward or back by up to an hour
 * @param driftPpm how much faster or slower clocks may run
 * @param starvedPermille nodes that get only a part of their processor
 * @param starvedOfPermille how much of the time these do not run
 * @param stallMillisMax the longest they do not run at a stretch
 * @param partitions times the mesh falls into two parts for some seconds
 * @param clogs links that hold their messages back for some seconds
 * @param deafnesses links that lose everything in one direction for some seconds
 */
public record Faults(
        int lossPermille,
        int duplicatePermille,
        int latencyMillisMin,
        int latencyMillisMax,
        int jitterMillis,
        int crashes,
        int restartPermille,
        int amnesiaPermille,
        int sleeps,
        int clockJumps,
        int driftPpm,
        int starvedPermille,
        int starvedOfPermille,
        int stallMillisMax,
        int partitions,
        int clogs,
        int deafnesses) {

    /** A quiet local network. */
    public static Faults none() {
        return new Faults(0, 0, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    /** One node in ten gets {@code runsPermille} of its processor, in stalls that a loaded machine shows. */
    public static Faults starvation(int starvedOfPermille) {
        return new Faults(0, 0, 1, 3, 2, 0, 0, 0, 0, 0, 0, 100, starvedOfPermille, 1_000, 0, 0, 0);
    }

    /** All kinds at once, as many of each as the seed says. */
    public static Faults drawn(SplittableRandom random, int nodes) {
        return new Faults(
                random.nextInt(50),
                random.nextInt(30),
                1,
                2 + random.nextInt(60),
                random.nextInt(40),
                random.nextInt(2 + nodes / 10),
                random.nextInt(1_001),
                random.nextInt(1_001),
                random.nextInt(2 + nodes / 20),
                random.nextInt(2 + nodes / 20),
                random.nextInt(2_000),
                random.nextInt(150),
                random.nextInt(600),
                1 + random.nextInt(1_500),
                random.nextInt(3),
                random.nextInt(2 + nodes / 4),
                random.nextInt(2 + nodes / 4));
    }
}
