//! Visits every world that can be reached, the nearest first, so that the first run found to
//! break an invariant is a shortest one.
//!
//! Whether every run ends is asked of the finished graph. Without the disturbances that may
//! come back for ever it must have no circle, and where nothing is certain to happen any
//! more, every record must be over or a person's: then each run that is disturbed only so
//! often comes to such an end, from wherever it is.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

use super::invariants::{Invariant, broken};
use super::moves::{Duty, Move, Next, successors};
use super::system::System;
use super::world::{Doing, World};

/// What a search has found.
#[derive(Debug)]
pub(super) struct Explored {
    pub(super) states: usize,
    pub(super) moves: usize,
    pub(super) breach: Option<Breach>,
}

/// A run that breaks an invariant.
#[derive(Debug)]
pub(super) struct Breach {
    pub(super) invariant: Invariant,
    pub(super) trace: String,
}

#[derive(Default)]
struct Graph {
    worlds: Vec<Rc<World>>,
    numbers: HashMap<Rc<World>, u32, BuildHasherDefault<Quick>>,
    /// From which world each was reached first.
    parents: Vec<u32>,
    /// Moves between worlds, the endless disturbances left out.
    edges: Vec<(u32, u32)>,
    moves: usize,
}

impl Graph {
    fn number(&mut self, world: World, parent: u32) -> u32 {
        if let Some(number) = self.numbers.get(&world) {
            return *number;
        }
        let number = u32::try_from(self.worlds.len()).unwrap();
        let world = Rc::new(world);
        self.worlds.push(Rc::clone(&world));
        self.numbers.insert(world, number);
        self.parents.push(parent);
        number
    }

    fn path_to(&self, end: u32) -> Vec<u32> {
        let mut path = vec![end];
        while let Some(&last) = path.last().filter(|last| **last != 0) {
            path.push(self.parents[last as usize]);
        }
        path.reverse();
        path
    }
}

/// Visits everything, or stops at the first breach.
pub(super) fn explore(system: &System) -> Explored {
    let mut graph = Graph::default();
    graph.number(World::begin(system), 0);
    let mut breach = None;
    let mut next = 0;
    while breach.is_none() && next < graph.worlds.len() {
        breach = visit(system, &mut graph, u32::try_from(next).unwrap());
        next += 1;
    }
    if breach.is_none() && !system.excused.contains(&Invariant::Ends) {
        breach = circle(system, &graph);
    }
    Explored {
        states: graph.worlds.len(),
        moves: graph.moves,
        breach,
    }
}

fn visit(system: &System, graph: &mut Graph, from: u32) -> Option<Breach> {
    let world = Rc::clone(&graph.worlds[from as usize]);
    let mut goes_on = false;
    for Next {
        it, world: next, ..
    } in successors(system, &world)
    {
        graph.moves += 1;
        let invariant = broken(system, &world, &it, &next);
        let to = graph.number(next, from);
        if let Some(invariant) = invariant {
            let mut path = graph.path_to(from);
            path.push(to);
            return Some(Breach {
                invariant,
                trace: tell(system, graph, &path),
            });
        }
        if from != to && it.duty() != Duty::Disturbance {
            graph.edges.push((from, to));
            goes_on |= it.duty() == Duty::Certain;
        }
    }
    let ended = world.records.iter().all(|it| it.is_over_or_asks_a_person());
    if goes_on || ended || system.excused.contains(&Invariant::Ends) {
        return None;
    }
    let mut trace = tell(system, graph, &graph.path_to(from));
    trace.push_str("and nothing happens any more\n");
    Some(Breach {
        invariant: Invariant::Ends,
        trace,
    })
}

/// A run that comes back to where it was, though nothing disturbs it.
fn circle(system: &System, graph: &Graph) -> Option<Breach> {
    let mut ways_on = vec![0_u32; graph.worlds.len()];
    let mut by_end: Vec<Vec<u32>> = vec![Vec::new(); graph.worlds.len()];
    for (from, to) in &graph.edges {
        ways_on[*from as usize] += 1;
        by_end[*to as usize].push(*from);
    }
    let dead_end = |it: &u32| ways_on[*it as usize] == 0;
    let mut dead_ends: Vec<u32> = (0..u32::try_from(ways_on.len()).unwrap())
        .filter(dead_end)
        .collect();
    while let Some(end) = dead_ends.pop() {
        for from in &by_end[end as usize] {
            ways_on[*from as usize] -= 1;
            if ways_on[*from as usize] == 0 {
                dead_ends.push(*from);
            }
        }
    }
    let start = ways_on.iter().position(|ways| *ways > 0)?;
    let mut path = graph.path_to(u32::try_from(start).unwrap());
    let back_to = loop {
        let last = *path.last()?;
        let on = |(from, to): &&(u32, u32)| *from == last && ways_on[*to as usize] > 0;
        let next = graph.edges.iter().find(on)?.1;
        if let Some(seen) = path.iter().position(|it| *it == next) {
            path.push(next);
            break seen;
        }
        path.push(next);
    };
    let mut trace = tell(system, graph, &path);
    writeln!(trace, "and so on from step {back_to}").unwrap();
    Some(Breach {
        invariant: Invariant::Ends,
        trace,
    })
}

/// One line for each move: what happens, and how the last record stands after it.
fn tell(system: &System, graph: &Graph, path: &[u32]) -> String {
    let mut trace = String::new();
    let mut names = ['A', 'B'];
    for (at, pair) in path.windows(2).enumerate() {
        let (from, to) = (
            &graph.worlds[pair[0] as usize],
            &graph.worlds[pair[1] as usize],
        );
        let moves = successors(system, from);
        let next = moves.iter().find(|next| next.world == **to).unwrap();
        let words = next.it.describe(names);
        writeln!(trace, "{:>2}. {words:52} {}", at + 1, stands(&next.it, to)).unwrap();
        if next.swapped {
            names.swap(0, 1);
        }
    }
    trace
}

fn stands(it: &Move, world: &World) -> String {
    if matches!(it, Move::Tick | Move::ClockSetBack) && world.requests.is_empty() {
        return String::new();
    }
    let (_, record) = world.current();
    let state = record.progress.state;
    let mut words = state
        .outcome()
        .map_or(state.as_str(), |it| it.as_str())
        .to_owned();
    let sending = world
        .workers
        .iter()
        .filter(|it| it.doing == Doing::WaitForReply);
    if !world.requests.is_empty() {
        write!(words, ", {} under way", world.requests.len()).unwrap();
    }
    let unheard = world.requests.len() > sending.count();
    if unheard {
        words.push_str(", unheard of");
    }
    words
}

/// Quick even without the optimiser; the input is not hostile.
#[derive(Default)]
struct Quick(u64);

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_i32(&mut self, value: i32) {
        self.write_u64(u64::from(value.cast_unsigned()));
    }

    fn write_i64(&mut self, value: i64) {
        self.write_u64(value.cast_unsigned());
    }

    fn write_isize(&mut self, value: isize) {
        self.write_u64(value.cast_unsigned() as u64);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}
