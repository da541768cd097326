//! The parameters of the network, and the files that hold them.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Cursor};
use std::path::Path;

use candle_core::pickle::PthTensors;
use candle_core::{DType, Device, Tensor, safetensors};
use zip::ZipArchive;

use crate::model::PARAMETERS;

const BUNDLED: &[u8] = include_bytes!("../weights/mnist.safetensors");

/// How every zip archive begins that holds at least one file.
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";

/// How every pickle of protocol 2 begins, the protocol that `torch.save` writes.
const PICKLE_MAGIC: &[u8] = b"\x80\x02";

/// The parameters of the network, complete and of the right shapes.
#[derive(Clone, Debug)]
pub struct Weights {
    parameters: HashMap<String, Tensor>,
    digest: blake3::Hash,
}

/// Why a file's content can't be the weights.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file can't be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is of none of the known kinds.
    #[error("neither a safetensors file nor a PyTorch state dict")]
    UnknownKind,
    /// The file is a pickle by itself, as PyTorch wrote it before version 1.6.
    #[error(
        "in PyTorch's legacy format, which is not a zip archive; \
         convert it with `torch.save(torch.load(OLD), NEW)`"
    )]
    LegacyPickle,
    /// The file is a compiled module.
    #[error("a TorchScript archive; save the module's `state_dict()` with `torch.save` instead")]
    TorchScript,
    /// The file holds something else than a state dict: a whole module, a checkpoint.
    #[error(
        "a PyTorch file without a state dict at its top level, such as a whole module; \
         save the module's `state_dict()` with `torch.save` instead"
    )]
    NotStateDict,
    /// A parameter of the network is not in the file.
    #[error("there is no parameter `{0}`")]
    Missing(&'static str),
    /// The file has a parameter that the network doesn't have.
    #[error("the network has no parameter `{0}`")]
    Unexpected(String),
    /// A parameter belongs to another network.
    #[error("`{name}` has the shape {found:?}; it has to be {expected:?}")]
    Shape {
        /// The parameter's name.
        name: &'static str,
        /// Its shape in the file.
        found: Vec<usize>,
        /// Its shape in the network.
        expected: &'static [usize],
    },
    /// The file is damaged, or in a variant that candle doesn't know.
    #[error("candle can't read it: {0}")]
    Candle(#[from] candle_core::Error),
}

impl Weights {
    /// The weights that come with this package.
    ///
    /// # Errors
    ///
    /// Only if the package was built from a damaged file.
    pub fn bundled() -> Result<Self, WeightsError> {
        Self::new(safetensors::load_buffer(BUNDLED, &Device::Cpu)?)
    }

    /// Reads a safetensors file, or a state dict written by PyTorch 1.6 or later, whichever the
    /// content shows it to be.
    ///
    /// # Errors
    ///
    /// If the file can't be read, is of another kind, or holds another network's parameters.
    pub fn read(file: &Path) -> Result<Self, WeightsError> {
        let content = fs::read(file)?;
        if content.starts_with(ZIP_MAGIC) {
            return Self::new(read_state_dict(file, &content)?);
        }
        if content.starts_with(PICKLE_MAGIC) {
            return Err(WeightsError::LegacyPickle);
        }
        if !is_safetensors(&content) {
            return Err(WeightsError::UnknownKind);
        }
        Self::new(safetensors::load_buffer(&content, &Device::Cpu)?)
    }

    /// Takes the parameters of the network, by the names of [`PARAMETERS`].
    ///
    /// # Errors
    ///
    /// If one is missing, is not of this network, or has another shape.
    pub fn new(mut tensors: HashMap<String, Tensor>) -> Result<Self, WeightsError> {
        let mut parameters = HashMap::new();
        let mut hasher = blake3::Hasher::new();
        for (name, expected) in PARAMETERS {
            let tensor = tensors.remove(name).ok_or(WeightsError::Missing(name))?;
            if tensor.dims() != expected {
                let found = tensor.dims().to_vec();
                return Err(WeightsError::Shape {
                    name,
                    found,
                    expected,
                });
            }
            let tensor = tensor.to_dtype(DType::F32)?;
            for value in tensor.flatten_all()?.to_vec1::<f32>()? {
                hasher.update(&value.to_le_bytes());
            }
            parameters.insert(name.to_owned(), tensor);
        }
        if let Some(name) = tensors.into_keys().min() {
            return Err(WeightsError::Unexpected(name));
        }
        Ok(Self {
            parameters,
            digest: hasher.finalize(),
        })
    }

    /// The parameters by name, as 32-bit floats.
    #[must_use]
    pub fn parameters(&self) -> &HashMap<String, Tensor> {
        &self.parameters
    }

    /// A digest of all values: equal for equal weights, whatever file they came from.
    #[must_use]
    pub fn digest(&self) -> blake3::Hash {
        self.digest
    }
}

/// A safetensors file begins with the length of its JSON header, then the header.
fn is_safetensors(content: &[u8]) -> bool {
    content.get(8) == Some(&b'{')
}

fn read_state_dict(file: &Path, content: &[u8]) -> Result<HashMap<String, Tensor>, WeightsError> {
    let archive = ZipArchive::new(Cursor::new(content)).map_err(candle_core::Error::wrap)?;
    let mut names = Vec::new();
    for name in archive.file_names() {
        names.push(name.map_err(candle_core::Error::wrap)?.into_owned());
    }
    let has = |wanted: &str| names.iter().any(|name| name.ends_with(wanted));
    if has("/constants.pkl") || names.iter().any(|name| name.contains("/code/")) {
        return Err(WeightsError::TorchScript);
    }
    if !has("/data.pkl") {
        return Err(WeightsError::UnknownKind);
    }
    // What candle's pickle reader fails on is a class that no state dict contains.
    let tensors = PthTensors::new(file, None).map_err(|_| WeightsError::NotStateDict)?;
    if tensors.tensor_infos().is_empty() {
        return Err(WeightsError::NotStateDict);
    }
    let mut parameters = HashMap::new();
    for name in tensors.tensor_infos().keys() {
        if let Some(tensor) = tensors.get(name)? {
            parameters.insert(name.clone(), tensor);
        }
    }
    Ok(parameters)
}
