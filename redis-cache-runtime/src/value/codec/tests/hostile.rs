//! Payloads that are made to cost more than they are.

use std::collections::{BTreeMap, HashMap};

use cache_fuzz::peak;
use serde::{Deserialize, Serialize};

use super::*;

const MIB: usize = 1024 * 1024;

/// So many elements do.
const MANY: usize = 32 * 1024;

/// The most that reading may take: what the limit allows for, and a list that grows has its old place as well as its new one.
fn most(payload: usize) -> usize {
    3 * 64 * payload + MIB
}

/// A list that holds `byte` again and again.
fn list_of(byte: u8, len: usize) -> Vec<u8> {
    let announced = u32::try_from(len).unwrap().to_be_bytes();
    let mut payload = vec![0xdd];
    payload.extend_from_slice(&announced);
    payload.resize(payload.len() + len, byte);
    payload
}

fn costs_little<T: Cacheable + PartialEq>(what: &str, payload: &[u8]) -> bool {
    let codec = codec!(T);
    let (read, used) = peak(|| codec.read(payload, LIMITS).is_ok());
    assert!(used <= most(payload.len()), "{what} takes {used} bytes");
    read
}

/// A value of half a kilobyte that a byte stands for.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Large {
    a: [u64; 32],
    b: [u64; 32],
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Boxed(Option<Box<Large>>);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Map(BTreeMap<String, u8>),
    List(Vec<u8>),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Tree {
    children: Vec<Tree>,
}

#[test]
fn empty_maps_cost_what_their_bytes_allow_for() {
    let maps = list_of(0x80, MANY);
    assert!(costs_little::<Vec<HashMap<String, String>>>(
        "hash maps",
        &maps
    ));
    assert!(costs_little::<Vec<BTreeMap<String, String>>>(
        "ordered maps",
        &maps
    ));
    assert!(costs_little::<Vec<serde_json::Value>>("JSON", &maps));
    assert!(costs_little::<serde_json::Value>("all JSON", &maps));
    assert!(costs_little::<Vec<Option<HashMap<u8, u8>>>>(
        "optional maps",
        &maps
    ));
    assert!(costs_little::<Vec<Untagged>>("untagged", &maps));
    assert!(!costs_little::<Vec<Large>>("structs", &maps));
    assert!(!costs_little::<Vec<Large>>(
        "a MiB of structs",
        &list_of(0x80, MIB)
    ));
    assert!(!costs_little::<Vec<Boxed>>("boxed structs", &maps));
    assert!(!costs_little::<Vec<(u8, Large)>>(
        "pairs",
        &list_of(0x92, MANY)
    ));
    let lists = list_of(0x90, MANY);
    assert!(costs_little::<Vec<Vec<u64>>>("lists", &lists));
    assert!(!costs_little::<Vec<Tree>>("trees", &lists));
    let none = list_of(0xc0, MANY);
    assert!(!costs_little::<Vec<Option<Large>>>("none", &none));
    assert!(costs_little::<Vec<Option<Box<Large>>>>(
        "none in a box",
        &none
    ));
}

#[test]
fn announced_lengths_cost_nothing() {
    let announced = [0xdd, 0xff, 0xff, 0xff, 0xff];
    let nested: Vec<u8> = announced.iter().copied().cycle().take(5 * 250).collect();
    assert!(!costs_little::<Vec<Vec<Vec<Vec<u64>>>>>("lists", &nested));
    assert!(!costs_little::<serde_json::Value>("JSON", &nested));
    let trees: Vec<u8> = [&[0x81, 0xa8][..], b"children", &announced]
        .concat()
        .repeat(250);
    assert!(!costs_little::<Tree>("trees", &trees));
}

#[test]
fn what_is_nested_without_an_end_is_refused_on_a_small_stack() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Chain {
        Link(Box<Chain>),
        End,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Onion(Option<Box<Onion>>);

    let thread = std::thread::Builder::new().stack_size(512 * 1024);
    let thread = thread.spawn(|| {
        fn is_refused<T: Cacheable + PartialEq>(payload: &[u8]) -> bool {
            codec!(T).read(payload, LIMITS).is_err()
        }
        let links = [&[0x81, 0xa4][..], b"Link"].concat().repeat(100_000);
        assert!(is_refused::<Chain>(&links));
        assert!(is_refused::<Onion>(&[1]));
        assert!(is_refused::<serde_json::Value>(&vec![0x91; 100_000]));
        assert!(is_refused::<Vec<Untagged>>(&vec![0x91; 100_000]));
        assert_eq!(
            come_back(&codec!(Chain), &Chain::Link(Box::new(Chain::End))),
            Some(Chain::Link(Box::new(Chain::End)))
        );
    });
    thread.unwrap().join().unwrap();
}

#[test]
fn large_values_are_read() {
    assert!(round_trip(&vec![(1u8, 2u64); 20_000]).is_some());
    assert!(round_trip(&vec![String::from("word"); 20_000]).is_some());
    assert!(round_trip(&vec![Some(0.5f64); 20_000]).is_some());
    assert!(round_trip(&vec![None::<u64>; 20_000]).is_some());
    let maps: Vec<HashMap<u8, u8>> = (0..5_000).map(|_| HashMap::from([(1, 1)])).collect();
    assert!(round_trip(&maps).is_some());
}
