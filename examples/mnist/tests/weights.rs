//! The kinds of files that hold weights, and those that look as if they did.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor, safetensors};
use mnist::weights::{Weights, WeightsError};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A folder for one test's files.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, content: &[u8]) -> PathBuf {
        let path = self.path("weights");
        fs::write(&path, content).unwrap();
        path
    }

    fn archive(&self, entries: &[(&str, Vec<u8>)]) -> PathBuf {
        let path = self.path("weights.pt");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        for (name, content) in entries {
            let stored =
                SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
            zip.start_file(*name, stored).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap();
        path
    }

    fn safetensors(&self, tensors: &HashMap<String, Tensor>) -> PathBuf {
        let path = self.path("weights.safetensors");
        safetensors::save(tensors, &path).unwrap();
        path
    }
}

fn bundled() -> HashMap<String, Tensor> {
    Weights::bundled().unwrap().parameters().clone()
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'X');
    out.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
    out.extend(text.as_bytes());
}

fn number(out: &mut Vec<u8>, number: usize) {
    out.push(b'J');
    out.extend(i32::try_from(number).unwrap().to_le_bytes());
}

fn tuple(out: &mut Vec<u8>, numbers: &[usize]) {
    out.push(b'(');
    for &n in numbers {
        number(out, n);
    }
    out.push(b't');
}

/// What `torch.save(model.state_dict(), …)` writes.
fn state_dict(tensors: &HashMap<String, Tensor>) -> Vec<(String, Vec<u8>)> {
    let mut pickle = b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01(".to_vec();
    let mut entries = Vec::new();
    for (i, (name, tensor)) in tensors.iter().enumerate() {
        text(&mut pickle, name);
        pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        text(&mut pickle, "storage");
        pickle.extend(b"ctorch\nFloatStorage\n");
        text(&mut pickle, &i.to_string());
        text(&mut pickle, "cpu");
        number(&mut pickle, tensor.elem_count());
        pickle.extend(b"tQK\x00");
        tuple(&mut pickle, tensor.dims());
        tuple(&mut pickle, tensor.stride());
        pickle.extend(b"\x89ccollections\nOrderedDict\n)RtR");
        let values = tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let bytes = values.into_iter().flat_map(f32::to_le_bytes).collect();
        entries.push((format!("mnist/data/{i}"), bytes));
    }
    pickle.extend(b"u}");
    text(&mut pickle, "_metadata");
    pickle.extend(b"ccollections\nOrderedDict\n)Rsb.");
    entries.insert(0, ("mnist/data.pkl".to_owned(), pickle));
    entries
}

fn error(path: &Path) -> WeightsError {
    Weights::read(path).unwrap_err()
}

#[test]
fn the_same_weights_are_the_same_from_either_kind_of_file() {
    let folder = Folder::new();
    let tensors = bundled();
    let state_dict = state_dict(&tensors);
    let entries: Vec<_> = state_dict
        .iter()
        .map(|(n, c)| (n.as_str(), c.clone()))
        .collect();
    let from_torch = Weights::read(&folder.archive(&entries)).unwrap();
    let from_safetensors = Weights::read(&folder.safetensors(&tensors)).unwrap();
    let bundled = Weights::bundled().unwrap().digest();
    assert_eq!(from_torch.digest(), bundled);
    assert_eq!(from_safetensors.digest(), bundled);
}

#[test]
fn half_floats_are_read() {
    let folder = Folder::new();
    let halves = bundled()
        .into_iter()
        .map(|(name, tensor)| (name, tensor.to_dtype(DType::F16).unwrap()))
        .collect();
    let weights = Weights::read(&folder.safetensors(&halves)).unwrap();
    assert_eq!(weights.digest(), Weights::bundled().unwrap().digest());
}

#[test]
fn other_values_have_another_digest() {
    let mut tensors = bundled();
    let bias = (tensors["fc2.bias"].clone() + 0.01).unwrap();
    tensors.insert("fc2.bias".to_owned(), bias);
    let other = Weights::new(tensors).unwrap();
    assert_ne!(other.digest(), Weights::bundled().unwrap().digest());
}

#[test]
fn a_missing_parameter_is_named() {
    let folder = Folder::new();
    let mut tensors = bundled();
    tensors.remove("fc1.bias");
    let error = error(&folder.safetensors(&tensors));
    assert_eq!(error.to_string(), "there is no parameter `fc1.bias`");
}

#[test]
fn a_parameter_too_many_is_named() {
    let folder = Folder::new();
    let mut tensors = bundled();
    let bias = tensors["fc2.bias"].clone();
    tensors.insert("fc3.bias".to_owned(), bias);
    let error = error(&folder.safetensors(&tensors));
    assert_eq!(error.to_string(), "the network has no parameter `fc3.bias`");
}

#[test]
fn a_parameter_of_another_shape_is_named() {
    let folder = Folder::new();
    let mut tensors = bundled();
    let bias = Tensor::zeros(11, DType::F32, &Device::Cpu).unwrap();
    tensors.insert("fc2.bias".to_owned(), bias);
    let error = error(&folder.safetensors(&tensors));
    assert_eq!(
        error.to_string(),
        "`fc2.bias` has the shape [11]; it has to be [10]"
    );
}

#[test]
fn a_whole_module_is_no_state_dict() {
    let folder = Folder::new();
    let module = b"\x80\x02c__main__\nNet\n)\x81}X\x08\x00\x00\x00training\x89sb.".to_vec();
    let error = error(&folder.archive(&[("mnist/data.pkl", module)]));
    assert!(matches!(error, WeightsError::NotStateDict), "{error}");
}

#[test]
fn a_checkpoint_is_no_state_dict() {
    let folder = Folder::new();
    let checkpoint = b"\x80\x02}X\x05\x00\x00\x00epochK\x03s.".to_vec();
    let error = error(&folder.archive(&[("mnist/data.pkl", checkpoint)]));
    assert!(matches!(error, WeightsError::NotStateDict), "{error}");
}

#[test]
fn a_torchscript_archive_is_recognised() {
    let folder = Folder::new();
    let entries = [
        ("mnist/data.pkl", b"\x80\x02}.".to_vec()),
        ("mnist/constants.pkl", b"\x80\x02).".to_vec()),
        ("mnist/code/__torch__.py", Vec::new()),
    ];
    let error = error(&folder.archive(&entries));
    assert!(matches!(error, WeightsError::TorchScript), "{error}");
}

#[test]
fn a_legacy_pickle_is_recognised() {
    let folder = Folder::new();
    let magic_number = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.";
    let error = error(&folder.file(magic_number));
    assert!(matches!(error, WeightsError::LegacyPickle), "{error}");
}

#[test]
fn other_files_are_refused() {
    let folder = Folder::new();
    for content in [&b""[..], b"hello", b"PK\x05\x06", &[0xff; 100]] {
        let error = error(&folder.file(content));
        assert!(matches!(error, WeightsError::UnknownKind), "{error}");
    }
    let archive = folder.archive(&[("readme.txt", Vec::new())]);
    assert!(matches!(error(&archive), WeightsError::UnknownKind));
    let missing = error(&folder.path("missing"));
    assert!(matches!(missing, WeightsError::Io(_)), "{missing}");
}

#[test]
fn damaged_files_are_refused() {
    let folder = Folder::new();
    let whole = fs::read(folder.safetensors(&bundled())).unwrap();
    let truncated = error(&folder.file(&whole[..whole.len() / 2]));
    assert!(matches!(truncated, WeightsError::Candle(_)), "{truncated}");
    let archive = error(&folder.file(b"PK\x03\x04 and no more"));
    assert!(matches!(archive, WeightsError::Candle(_)), "{archive}");
}
